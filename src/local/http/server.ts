/** The embedded service on a loopback port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ExecutionFailure } from "../../support/failure.ts";
import { ApiError } from "./api-error.ts";
import { BodyReader, readContent } from "./body-reader.ts";
import type { GuardedService, LocalReply, LocalRequest } from "./exchange.ts";

export interface LocalHttpOptions {
  /** A loopback address. Default `127.0.0.1`. */
  host?: string | undefined;
  /** Default 0: any free port. */
  port?: number | undefined;
  /** Whether the process may end while the service listens. Default true. */
  unref?: boolean | undefined;
}

export interface LocalHttp {
  /** `http://host:port`, without a trailing slash. */
  origin: string;
  /** Closes open connections and stops listening. */
  close(): Promise<void>;
}

/** Limits of the arrival of a request. The response may take as long as it wants. */
const HEAD_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 60_000;

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Rejects with an `ExecutionFailure` when the address is not a loopback address or the port is not available. */
export async function startLocalHttp(service: GuardedService, options: LocalHttpOptions = {}): Promise<LocalHttp> {
  const { host = "127.0.0.1", port = 0, unref = true } = options;
  if (!LOOPBACK.has(host)) {
    throw new ExecutionFailure(
      "invalid_input",
      `The embedded service listens on this machine only; ${host} is not a loopback address`,
    );
  }
  const bodies = new BodyReader();
  const limits = { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer(limits, (request, response) => {
    respond({ service, bodies }, request, response).catch(() => response.destroy());
  });
  if (unref) server.on("connection", (socket) => socket.unref());
  await listen(server, host, port);
  if (unref) server.unref();
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return {
    origin: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "it is in use; choose another one" : (cause.code ?? "unknown error");
      reject(
        new ExecutionFailure("unavailable", `The embedded service cannot listen on port ${port}: ${why}`, { cause }),
      );
    });
    server.listen({ host, port }, resolve);
  });
}

interface Serving {
  service: GuardedService;
  bodies: BodyReader;
}

async function respond(
  { service, bodies }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const callerGone = new AbortController();
  response.once("close", () => callerGone.abort());
  const head = { method: request.method ?? "GET", path: request.url ?? "/", headers: flatten(request) };
  let sent: Pick<LocalRequest, "body" | "content">;
  try {
    requireNoWebPage(request);
    const refusal = service.refusal(head);
    if (refusal) return await sendUnread(refusal, request, response);
    sent = await readSent(request, bodies);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return await sendUnread(error.toReply(), request, response);
  }
  const result = await service.handle({ ...head, ...sent }, callerGone.signal);
  if (result.drop === true) request.socket.destroy();
  else await send(result, response);
}

/** Only archives are put. */
async function readSent(request: IncomingMessage, bodies: BodyReader): Promise<Pick<LocalRequest, "body" | "content">> {
  if (request.method === "PUT") return { body: undefined, content: await readContent(request) };
  const body = await bodies.read(request);
  return { body: body.length > 0 ? body : undefined };
}

/** No page of a browser has business here. Browsers send `Origin` with every request that a page may not read the answer of. */
function requireNoWebPage(request: IncomingMessage): void {
  if (!namesThisService(request))
    throw new ApiError(421, "MisdirectedRequest", "The Host header does not name this service");
  if (request.headers.origin !== undefined) throw new ApiError(403, "Forbidden", "Requests of web pages are refused");
}

/**
 * Whether the Host header names this service. A web page can let its own name resolve to a loopback address (DNS
 * rebinding), but its requests then carry that name.
 */
function namesThisService(request: IncomingMessage): boolean {
  const match = /^(.+?)(?::(\d+))?$/.exec(request.headers.host ?? "");
  const name = match?.[1]?.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name !== undefined && LOOPBACK.has(name) && Number(match?.[2] ?? 80) === request.socket.localPort;
}

/** Sends a reply to a request whose body, if it has one, stays unread: the connection cannot carry another request. */
function sendUnread(reply: LocalReply, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
  if (length !== "0" || encoding !== undefined) reply.headers.connection = "close";
  return send(reply, response);
}

function flatten(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = typeof value === "string" ? value : value.join(", ");
  }
  return headers;
}

async function send(reply: LocalReply, response: ServerResponse): Promise<void> {
  if (typeof reply.body === "string") {
    response.writeHead(reply.status, { ...reply.headers, "content-length": Buffer.byteLength(reply.body) });
    response.end(reply.body);
    return;
  }
  response.writeHead(reply.status, reply.headers);
  response.flushHeaders();
  try {
    for await (const text of reply.body) {
      if (response.destroyed) break;
      if (!response.write(text)) await drained(response);
    }
    response.end();
  } catch {
    response.destroy();
  }
}

/** Resolves when the client has taken what was written, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off("drain", settle);
      response.off("close", settle);
      resolve();
    };
    response.once("drain", settle);
    response.once("close", settle);
    if (response.destroyed) settle();
  });
}
