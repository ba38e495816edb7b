import { reason } from './download';
import { accessToken, endpoint, proxyFor } from './environment';
import { proxiedFetch } from './proxied-fetch';

/** How the hub is reached. */
export interface HubAccess {
  hubUrl: string;
  /** sends the token of the login to the hub, and to no other host */
  fetch: typeof fetch;
  /** the cause of an error in one line, without the token, logins and signed parts of addresses */
  reason: (error: unknown) => string;
}

/**
 * How the hub is reached from here, as Python's huggingface_hub does it: `HF_ENDPOINT`, `HF_TOKEN`
 * or the file of the login, `HTTPS_PROXY` and `NO_PROXY`.
 * @throws ArgumentError if one of them can't be used
 */
export async function hubAccess(caller: string, hubUrl?: string): Promise<HubAccess> {
  const url = endpoint(caller, hubUrl);
  const token = await accessToken(caller);
  return {
    hubUrl: url,
    fetch: (input, init = {}) => {
      const to = new URL(input instanceof Request ? input.url : input);
      const headers = new Headers(init.headers);
      if (token && to.origin === new URL(url).origin) {
        headers.set('Authorization', `Bearer ${token}`);
      }
      const proxyOf = (address: URL) => proxyFor(caller, address);
      if (!proxyOf(to)) return fetch(to, { ...init, headers });
      return proxiedFetch(to, { ...init, headers }, proxyOf);
    },
    reason: (error) => withoutSecrets(reason(error), token),
  };
}

function withoutSecrets(text: string, token = ''): string {
  const known = token ? text.replaceAll(token, '…') : text;
  return known
    .replace(/(https?:\/\/)[^\s/@]+@/g, '$1')
    .replace(/(https?:\/\/[^\s?"']+)\?[^\s"']+/g, '$1');
}
