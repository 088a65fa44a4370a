/**
 * A proxy on loopback that tunnels to `https://seren.test`, an embedded Seren Cloud that cannot be reached otherwise. What
 * the proxy sees is recorded.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContextOptions, TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { LocalCloud, type LocalCloudOptions } from "../../../src/local/index.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { API_KEY, ROOT } from "./child.ts";

const TLS = join(ROOT, "test", "fixtures", "tls");
const CERTIFICATE = join(TLS, "seren-test.cert.pem");

export interface TestProxy {
  cloud: LocalCloud;
  /** `http://127.0.0.1:port`. */
  address: string;
  /** Environment for the child: the service's address, its certificate and the key, but no proxy. */
  env: Record<string, string>;
  /** Request lines and headers that the proxy received. */
  seen: { line: string; headers: IncomingMessage["headers"] }[];
}

/** `refuse` makes the proxy answer every CONNECT with this status. */
export async function startProxy({
  refuse,
  ...options
}: Partial<LocalCloudOptions> & { refuse?: number } = {}): Promise<TestProxy> {
  const cloud = new LocalCloud({ ambient: realAmbient, keys: [API_KEY], ...options });
  const inside = createServer((request, response) => void answer(cloud, request, response));
  const seen: TestProxy["seen"] = [];
  const note = ({ method, url, headers }: IncomingMessage) => seen.push({ line: `${method} ${url}`, headers });
  const proxy = createServer((request, response) => {
    note(request);
    response.writeHead(501).end();
  });
  const secureContext = createSecureContext({
    key: readFileSync(join(TLS, "seren-test.key.pem")),
    cert: readFileSync(CERTIFICATE),
  });
  const open = new Set<Duplex>();
  proxy.on("connect", (request: IncomingMessage, socket: Duplex) => {
    note(request);
    open.add(socket.on("error", () => undefined));
    if (refuse) return void socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const secure = new TLSSocket(socket, { isServer: true, secureContext }).on("error", () => undefined);
    inside.emit("connection", secure);
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    proxy.closeAllConnections();
    proxy.close();
  });
  return {
    cloud,
    address: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    env: { SEREN_API_BASE: "https://seren.test", SEREN_API_KEY: API_KEY, NODE_EXTRA_CA_CERTS: CERTIFICATE },
    seen,
  };
}

/** A proxy that leads every tunnel to `target`, whatever it was asked for. `https`: key and certificate of the proxy itself. */
export async function startTunnel(target: string, https?: SecureContextOptions): Promise<string> {
  const proxy = https ? createSecureServer(https) : createServer();
  const open = new Set<Duplex>();
  proxy.on("connect", (_: IncomingMessage, socket: Duplex) => {
    const onward = connect(Number(new URL(target).port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) open.add(end.on("error", () => undefined));
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    proxy.closeAllConnections();
    proxy.close();
  });
  return `${https ? "https" : "http"}://localhost:${(proxy.address() as AddressInfo).port}`;
}

async function answer(cloud: LocalCloud, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = "GET", url = "/", headers } = request;
  const reply = await cloud.handle(
    { method, path: url, headers: headers as Record<string, string>, body: Buffer.concat(chunks) },
    gone.signal,
  );
  if (reply.drop === true) return void request.socket.destroy();
  response.writeHead(reply.status, reply.headers).flushHeaders();
  if (typeof reply.body === "string") return void response.end(reply.body);
  for await (const text of reply.body) response.write(text);
  response.end();
}
