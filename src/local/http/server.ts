/** The embedded service on a loopback port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ExecutionFailure } from "../../support/failure.ts";
import { ApiError } from "./api-error.ts";
import { MAX_BODY_BYTES } from "./body.ts";
import type { LocalReply, LocalService } from "./exchange.ts";

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

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Rejects with an `ExecutionFailure` when the address is not a loopback address or the port is not available. */
export async function startLocalHttp(service: LocalService, options: LocalHttpOptions = {}): Promise<LocalHttp> {
  const { host = "127.0.0.1", port = 0, unref = true } = options;
  if (!LOOPBACK.has(host)) {
    throw new ExecutionFailure(
      "invalid_input",
      `The embedded service listens on this machine only; ${host} is not a loopback address`,
    );
  }
  const server = createServer((request, response) => {
    respond(service, request, response).catch(() => response.destroy());
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

async function respond(service: LocalService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const callerGone = new AbortController();
  response.once("close", () => callerGone.abort());
  if (!namesThisService(request)) {
    return send(
      new ApiError(421, "MisdirectedRequest", "The Host header does not name this service").toReply(),
      response,
    );
  }
  const body = await readAll(request);
  if (body === undefined) {
    const reply = new ApiError(413, "PayloadTooLarge", "The request body is larger than 32 MiB").toReply();
    reply.headers.connection = "close";
    return send(reply, response);
  }
  const result = await service.handle(
    {
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: flatten(request),
      body: body.length > 0 ? body : undefined,
    },
    callerGone.signal,
  );
  if (result.drop === true) request.socket.destroy();
  else await send(result, response);
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

/** Returns the whole body, or `undefined` when it is larger than `MAX_BODY_BYTES`. */
async function readAll(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop must not destroy the request: its socket still has to carry the error response.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
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
