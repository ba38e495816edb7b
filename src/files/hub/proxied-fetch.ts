import { Agent, Dispatcher, fetch, ProxyAgent } from 'undici';

type ProxyOf = (url: URL) => URL | undefined;

/**
 * `fetch` that goes through a proxy, since Node's own knows none before Node 24.
 * @param proxyOf the proxy for an address; undefined to go straight there
 */
export function proxiedFetch(input: URL, init: RequestInit, proxyOf: ProxyOf): Promise<Response> {
  const dispatcher = new ByAddress(proxyOf);
  const all = { ...init, dispatcher } as Parameters<typeof fetch>[1];
  return fetch(input, all);
}

/** Asks for each request anew: a redirect may lead to a host that needs no proxy. */
class ByAddress extends Dispatcher {
  private readonly direct = new Agent();

  constructor(private readonly proxyOf: ProxyOf) {
    super();
  }

  override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const proxy = this.proxyOf(new URL(String(options.origin)));
    const agent = proxy ? new ProxyAgent({ uri: proxy.href, proxyTunnel: false }) : this.direct;
    return agent.dispatch(options, handler);
  }
}
