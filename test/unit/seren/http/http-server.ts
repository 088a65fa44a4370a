/** A server on loopback that answers as the test says. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHttp, type HttpOptions } from "../../../../src/seren/http/http-transport.ts";
import type { HttpTransport } from "../../../../src/seren/http/transport.ts";
import type { Ambient } from "../../../../src/support/ambient.ts";
import { Secret } from "../../../../src/support/secret.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

export const KEY = "seren_Key0123456789";

export interface Got {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Harness extends AsyncDisposable {
  ambient: VirtualAmbient;
  http: HttpTransport;
  server: Server;
  origin: string;
  /** Requests whose bodies have arrived. */
  got: Got[];
  /** Resolves when the server has as many requests. */
  received(count: number): Promise<void>;
}

type Answer = (response: ServerResponse, got: Got) => void;

export async function httpHarness(
  answer: Answer,
  changes: Partial<HttpOptions> & { ambient?: Ambient } = {},
): Promise<Harness> {
  const ambient = new VirtualAmbient(1);
  const got: Got[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      got.push(one);
      for (const { resolve } of waiting.filter(({ count }) => got.length >= count)) resolve();
      waiting = waiting.filter(({ count }) => got.length < count);
      answer(response, one);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = createHttp({
    baseUrl: `${origin}/publishers/seren-cloud`,
    apiKey: () => new Secret(KEY),
    userAgent: "seren-bridge/test",
    ambient,
    ...changes,
  });
  return {
    ambient,
    http,
    server,
    origin,
    got,
    received: (count) =>
      got.length >= count ? Promise.resolve() : new Promise((resolve) => void waiting.push({ count, resolve })),
    async [Symbol.asyncDispose]() {
      await http.close();
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Resolves when the connection of an answer is gone. */
export const closed = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    if (response.destroyed) resolve();
    else response.once("close", resolve);
  });

/** A promise that is settled from outside. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
