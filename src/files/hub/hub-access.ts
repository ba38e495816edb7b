import { reason } from './download';
import { accessToken, endpoint, patience, proxyFor } from './environment';
import { askPatiently, within } from './patience';
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
    fetch: async (input, init = {}) => {
      const to = new URL(input instanceof Request ? input.url : input);
      const headers = new Headers(init.headers);
      if (token && to.origin === new URL(url).origin) {
        headers.set('Authorization', `Bearer ${token}`);
      }
      const proxyOf = (address: URL) => proxyFor(caller, address);
      const send = () => {
        const stop = new AbortController();
        const all = { ...init, headers, signal: stop.signal };
        const answer = proxyOf(to) ? proxiedFetch(to, all, proxyOf) : fetch(to, all);
        return within(patience('HF_HUB_ETAG_TIMEOUT'), answer, () => stop.abort());
      };
      return askPatiently(send);
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
