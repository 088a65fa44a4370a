/** A hostile service on a real socket: mutated responses and invalid HTTP. */
import { createServer, type Server, type Socket } from "node:net";
import { LocalCloud } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY } from "./canaries.ts";
import { ChaosChild } from "./chaos-child.ts";
import { mutateText } from "./mutate.ts";
import { RequestTracker } from "./request-tracker.ts";

const TIMEOUT_SECONDS = 2;
/** Time after the deadline: a minute for the confirmation of the cancel, and the last lines. */
const LEEWAY_MS = 75_000;
const HUGE_BYTES = 80 * 1024 * 1024;

export interface Hostile {
  requests: number;
  problems: string[];
}

/** Runs `count` tasks in one child. `malice` is the probability that the service spoils a response. */
export async function hostileHttp(seed: number, count: number, malice: number): Promise<Hostile> {
  const service = new HostileServer(seed, malice);
  const origin = await service.listen();
  const tracker = new RequestTracker();
  const child = new ChaosChild("roder", { origin, onMessage: tracker.take, env: { SEREN_BRIDGE_LOG: "error" } });
  const problems: string[] = [];
  await new Promise<void>((resolve) =>
    child.send(tracker.request("extension/initialize", INITIALIZE, () => resolve())),
  );
  const tasks = Array.from({ length: count }, async (_, index) => {
    const id = `task-${index}`;
    const entry = tracker.open(id);
    const input = {
      prompt: '@script [{"text":"words ","n":9,"every_ms":20},{"sleep_ms":300}]',
      timeout_seconds: TIMEOUT_SECONDS,
    };
    const params = { executorId: "seren-cloud-run", executionId: id, taskId: "t", input };
    child.send(tracker.request("tasks/execute", params, (reply) => entry.answered(reply)));
    const late = new Promise<void>((resolve) => setTimeout(resolve, TIMEOUT_SECONDS * 1000 + LEEWAY_MS).unref());
    await Promise.race([entry.settled, child.exited, late]);
    if (!entry.terminal) problems.push(`I11: ${id} has no end`);
    problems.push(...entry.problems);
  });
  await Promise.all(tasks);
  if (child.hasExited) problems.push("I11: the program ended");
  await child.finish(20_000);
  await service.close();
  for (const line of child.stderr.split("\n"))
    if (/uncaught|unhandled/i.test(line)) problems.push(`I11: ${line.slice(0, 400)}`);
  problems.push(...child.problems, ...tracker.problems);
  return { requests: service.requests, problems: problems.map((what) => `${what} (seed ${seed})`) };
}

class HostileServer {
  requests = 0;
  readonly #random: SeededRandom;
  readonly #malice: number;
  readonly #cloud = new LocalCloud({ ambient: realAmbient, keys: [API_KEY] });
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(seed: number, malice: number) {
    this.#random = new SeededRandom(deriveSeed(seed, 3));
    this.#malice = malice;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => void this.#sockets.delete(socket));
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        const [head = "", body] = text.split("\r\n\r\n", 2);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (body === undefined || body.length < length) return;
        text = "";
        void this.#answer(socket, head, Buffer.from(body, "latin1"));
      });
    });
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        resolve(`http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`);
      });
    });
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  async #answer(socket: Socket, head: string, body: Buffer): Promise<void> {
    this.requests += 1;
    const [method = "GET", path = "/"] = head.split(" ");
    const gone = new AbortController();
    socket.once("close", () => gone.abort());
    const headers = Object.fromEntries(
      head
        .split("\r\n")
        .slice(1)
        .map((line) => line.toLowerCase().split(": ", 2) as [string, string]),
    );
    const reply = await this.#cloud.handle(
      {
        method,
        path,
        headers: { ...headers, authorization: `Bearer ${API_KEY}` },
        body: body.length > 0 ? body : undefined,
      },
      gone.signal,
    );
    if (reply.drop) return void socket.destroy();
    const isEvil = this.#random.chance(this.#malice);
    if (typeof reply.body === "string") {
      socket.end(isEvil ? this.#evil(reply.status, reply.body) : page(reply.status, reply.body));
      return;
    }
    socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
    for await (const text of reply.body) {
      if (socket.destroyed) return;
      socket.write(isEvil ? mutateText(text, this.#random) : text);
    }
    socket.end();
  }

  #evil(status: number, body: string): Buffer | string {
    const random = this.#random;
    const spoilt = mutateText(body, random);
    return random.pick<() => Buffer | string>([
      () => page(status, spoilt),
      () => page(random.pick([200, 204, 302, 404, 500, 503]), spoilt),
      () => page(200, "<html>".repeat(1_000), "content-type: text/html\r\n"),
      () => page(200, body, "content-encoding: gzip\r\n"),
      () => page(301, "", "location: http://127.0.0.1:1/steal\r\n"),
      () => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length + 50}\r\n\r\n${body}`,
      () => `HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n${body}`,
      () => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n${body}\r\n`,
      () => `HTTP/1.1 200 OK\r\nx-flood: ${"a".repeat(300_000)}\r\n\r\n${body}`,
      () => `HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 999 Odd\r\n\r\n${body}`,
      () => "SSH-2.0-OpenSSH_9.9\r\n",
      () => Buffer.from(Array.from({ length: 200 }, () => random.int(0, 255))),
      () => "",
      () => (random.chance(0.1) ? page(200, Buffer.alloc(HUGE_BYTES, 0x20)) : page(200, "[".repeat(100_000))),
    ])();
  }
}

function page(status: number, body: string | Buffer, headers = "content-type: application/json\r\n"): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} X\r\n${headers}content-length: ${bytes.length}\r\nconnection: close\r\n\r\n`),
    bytes,
  ]);
}
