import type { Agent, Dispatcher } from 'undici';

type ProxyOf = (url: URL) => URL | undefined;

/**
 * `fetch` that goes through a proxy, since Node's own knows none before Node 24.
 * @param proxyOf the proxy for an address; undefined to go straight there
 */
export async function proxiedFetch(
  input: URL,
  init: RequestInit,
  proxyOf: ProxyOf,
): Promise<Response> {
  // Loaded here, since it takes 100 ms: few need a proxy, and all load this file.
  const { Agent, Dispatcher, fetch, ProxyAgent } = await import('undici');

  /** Asks for each request anew: a redirect may lead to a host that needs no proxy. */
  class ByAddress extends Dispatcher {
    override dispatch(
      options: Agent.DispatchOptions,
      handler: Dispatcher.DispatchHandler,
    ): boolean {
      const proxy = proxyOf(new URL(String(options.origin)));
      const agent = proxy ? new ProxyAgent({ uri: proxy.href, proxyTunnel: false }) : new Agent();
      return agent.dispatch(options, handler);
    }
  }

  const all = { ...init, dispatcher: new ByAddress() } as Parameters<typeof fetch>[1];
  return fetch(input, all);
}
