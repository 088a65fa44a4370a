/** Files at the origin of an embedded Seren Cloud, where an artifact may lead to loopback. Everything else is passed on to it. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

const PATH = "/files/";

export interface Files {
  /** Of the service and of the files, as the environment of a child. */
  env: { SEREN_API_BASE: string; SEREN_API_KEY: string };
  /** Returns the address of a file. */
  at(name: string): string;
  /** The names of the files that were fetched. */
  fetched: string[];
}

/** A file without content is never sent. */
export async function startFiles(
  { SEREN_API_BASE: service, ...env }: Files["env"],
  files: Readonly<Record<string, Uint8Array | undefined>>,
): Promise<Files> {
  const fetched: string[] = [];
  const server = createServer((incoming, response) => {
    if (!incoming.url?.startsWith(PATH)) return passOn(service, incoming, response);
    const name = new URL(incoming.url, service).pathname.slice(PATH.length);
    fetched.push(name);
    const content = files[name];
    if (content) response.end(content);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { env: { ...env, SEREN_API_BASE: origin }, at: (name) => origin + PATH + name, fetched };
}

function passOn(service: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { url, method } = incoming;
  const headers = { ...incoming.headers, host: new URL(service).host };
  const outgoing = request(new URL(url ?? "/", service), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}
