/** Connections to one origin, directly or through a proxy. The caller sets all timeouts: undici's own are off. */
import type { LookupFunction, Socket } from "node:net";
import { Agent, type buildConnector, type Dispatcher, Pool } from "undici";
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
  const connector = createConnector(lookup && !proxy ? { ...connect, lookup } : connect);
  return proxy ? new TunnelAgent(proxy, connector, common) : new Agent({ connect: connector, ...common });
}

/**
 * Reaches every origin through a tunnel. undici's own agent for proxies does not let its connector be replaced, and so cannot
 * say which certificate was refused.
 */
class TunnelAgent extends Agent {
  readonly #proxy: Pool;

  constructor(route: ProxyRoute, connector: buildConnector.connector, options: Agent.Options) {
    const { origin } = route.url;
    const proxy = new Pool(origin, {
      // The name that the proxy's certificate is for; undici's is that of the origin behind it.
      connect: ({ servername: _, ...target }, callback) => connector(target, callback),
      headersTimeout: CONNECT_TIMEOUT_MS,
    });
    super({
      ...options,
      connect: (target, callback) =>
        void openTunnel(proxy, route, target).then(
          (httpSocket) =>
            target.protocol === "https:" ? connector({ ...target, httpSocket }, callback) : callback(null, httpSocket),
          (error: unknown) => callback(error as Error, null),
        ),
    });
    this.#proxy = proxy;
  }

  // undici calls it a second time, with a callback.
  override destroy(...given: never[]): Promise<void> {
    void this.#proxy.destroy();
    return super.destroy(...(given as []));
  }
}

async function openTunnel(proxy: Pool, route: ProxyRoute, target: buildConnector.Options): Promise<Socket> {
  const { username, password } = route.url;
  const port = target.port || (target.protocol === "https:" ? "443" : "80");
  const path = `${target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname}:${port}`;
  let answer: Dispatcher.ConnectData;
  try {
    answer = await proxy.connect({
      path,
      headers: {
        host: path,
        ...(username || password ? { "proxy-authorization": basic(username, password) } : {}),
      },
    });
  } catch (cause) {
    throw new TunnelFailure(route, undefined, { cause });
  }
  const socket = answer.socket as Socket;
  if (answer.statusCode >= 200 && answer.statusCode <= 299) return socket;
  socket.on("error", () => undefined).destroy();
  throw new TunnelFailure(route, answer.statusCode);
}

/** Of a user and a password as a URL has them. */
function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${decodeURIComponent(user)}:${decodeURIComponent(password)}`).toString("base64")}`;
}
