/** Connections to one origin, directly or through a proxy. The caller sets all timeouts: undici's own are off. */
import type { LookupFunction } from "node:net";
import { Agent, type Dispatcher, Pool, ProxyAgent } from "undici";
import type { ProxyRoute } from "../../support/proxy.ts";
import { createConnector } from "./certificate.ts";

const CONNECT_TIMEOUT_MS = 30_000;

/** The proxy opened no tunnel, so nothing was sent to the origin behind it. */
export class TunnelFailure extends Error {
  override readonly name = "TunnelFailure";

  /** `status` is that of the proxy's answer; undefined when there was none. */
  constructor(
    readonly proxy: ProxyRoute,
    readonly status: number | undefined,
    options?: ErrorOptions,
  ) {
    super("the proxy opened no tunnel", options);
  }
}

export interface DispatcherOptions {
  proxy?: ProxyRoute | undefined;
  /** Resolves the names of a direct connection. Default: the system. */
  lookup?: LookupFunction;
  /** Maximum of connections at the same time. Default: no limit. */
  connections?: number;
}

export function createDispatcher({ proxy, connections, lookup }: DispatcherOptions = {}): Dispatcher {
  const common = { headersTimeout: 0, bodyTimeout: 0, ...(connections === undefined ? {} : { connections }) };
  const connect = { timeout: CONNECT_TIMEOUT_MS };
  if (!proxy) return new Agent({ connect: createConnector(lookup ? { ...connect, lookup } : connect), ...common });
  const { username, password, origin } = proxy.url;
  const token = `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`;
  return new ProxyAgent({
    ...common,
    uri: origin,
    ...(username || password ? { token } : {}),
    proxyTls: connect,
    requestTls: connect,
    clientFactory: (address, options) =>
      new Tunnels(proxy, address, { ...options, headersTimeout: CONNECT_TIMEOUT_MS }),
  });
}

class Tunnels extends Pool {
  readonly #proxy: ProxyRoute;

  constructor(proxy: ProxyRoute, address: string | URL, options: Pool.Options) {
    super(address, options);
    this.#proxy = proxy;
  }

  // ProxyAgent uses the form that returns a promise only.
  override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData>;
  override connect(options: Dispatcher.ConnectOptions, callback: never): void;
  override async connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> {
    let answer: Dispatcher.ConnectData;
    try {
      answer = await super.connect(options);
    } catch (cause) {
      throw new TunnelFailure(this.#proxy, undefined, { cause });
    }
    if (answer.statusCode === 200) return answer;
    answer.socket.on("error", () => undefined).destroy();
    throw new TunnelFailure(this.#proxy, answer.statusCode);
  }
}
