/**
 * The service under the benchmarks: the few calls a run needs, answered from prepared bytes, so that what is measured is
 * the program. It shares the process with the host, and therefore its clock.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const PREFIX = "/publishers/seren-cloud";
export const DEPLOYMENT = "5e1ec7ed-0000-4000-8000-000000000001";

export interface Run {
  readonly id: string;
  /** What was asked for. */
  readonly message: string;
  /** The follower's connection, when it is there. */
  readonly stream: Promise<ServerResponse>;
  /** When the service was asked to cancel, on this process's clock. */
  readonly cancelled: Promise<number>;
  /** What the record says from now on. */
  status: string;
}

interface Opened extends Run {
  opened(stream: ServerResponse): void;
  cancel(at: number): void;
}

export class Cloud {
  /** Called with each new run, before its creation is answered. */
  onRun: (run: Run) => void = () => undefined;
  /** Every answer's head is this late, as if the service were far away. In milliseconds. */
  roadMs = 0;
  readonly #runs = new Map<string, Opened>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      if (this.roadMs === 0) void this.#answer(request, response);
      else setTimeout(() => void this.#answer(request, response), this.roadMs);
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(): Promise<Cloud> {
    const cloud = new Cloud();
    cloud.#server.listen(0, "127.0.0.1", 4096);
    await once(cloud.#server, "listening");
    return cloud;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For the program under measurement. */
  env(stateDir: string): Record<string, string> {
    return {
      SEREN_API_BASE: this.origin,
      SEREN_API_KEY: "key-of-the-benchmarks",
      SEREN_BRIDGE_DEPLOYMENT: DEPLOYMENT,
      SEREN_BRIDGE_STATE_DIR: stateDir,
    };
  }

  /** A run without a create call, for a baseline that only reads its stream. */
  prepare(message = ""): Run & { url: string } {
    const run = this.#open(message);
    return Object.assign(run, { url: `${this.origin}${PREFIX}/runs/${run.id}/stream` });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #open(message: string): Opened {
    const number = this.#runs.size + 1;
    const stream = promised<ServerResponse>();
    const cancelled = promised<number>();
    const run: Opened = {
      id: `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`,
      message,
      status: "running",
      stream: stream.promise,
      cancelled: cancelled.promise,
      opened: stream.resolve,
      cancel: cancelled.resolve,
    };
    this.#runs.set(run.id, run);
    return run;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ""] = (request.url ?? "").slice(PREFIX.length).split("?");
    const [, kind, id = "", part] = path.split("/");
    if (kind === "deployments" && part === "runs" && request.method === "POST") return this.#create(request, response);
    const run = this.#runs.get(id);
    if (kind !== "runs" || !run) return json(response, 200, []);
    switch (part) {
      case undefined:
        return json(response, 200, recordOf(run));
      case "stream":
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.flushHeaders();
        response.socket?.setNoDelay(true);
        return run.opened(response);
      case "cancel":
        run.cancel(performance.now());
        run.status = "cancelled";
        json(response, 200, recordOf(run));
        return end(await run.stream, run);
      default:
        return json(response, 200, []);
    }
  }

  async #create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { message = "" }: { message?: string } = JSON.parse(body);
    const run = this.#open(message);
    this.onRun(run);
    json(response, 202, { status: "queued", run_id: run.id });
  }
}

/** A promise, and what resolves it. */
export function promised<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (value) => resolve(value) };
}

function recordOf({ id, status }: Run): object {
  return { id, deployment_id: DEPLOYMENT, status, created_at: "2026-01-01T00:00:00Z" };
}

function json(response: ServerResponse, status: number, data: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ data }));
}

/** One piece of the answer, as the service writes it. */
export function textFrame(sequence: number, text: string): string {
  return frame(sequence, "response.output_text.delta", { kind: "text", content_index: 0, type: "text", text });
}

/** The beginning of a tool call. */
export function toolFrame(sequence: number): string {
  const call = { type: "tool_call", id: `call_${sequence}`, name: "search", arguments: '{"query":"some words"}' };
  return frame(sequence, "response.function_call_arguments.done", { kind: "tool_call", ...call });
}

function frame(sequence: number, type: string, event: object): string {
  const place = { item_id: `it_${sequence}`, output_index: 0 };
  const data = JSON.stringify({ sequence_number: sequence, event_type: type, ...place, ...event });
  return `id: ${sequence}\nevent: run.event\ndata: ${data}\n\n`;
}

/** Says that the run is over. */
export function end(stream: ServerResponse, run: Run, status = run.status): void {
  run.status = status;
  stream.end(`event: end\ndata: ${JSON.stringify({ status })}\n\n`);
}

/** Events that are written at once. */
export const PER_BLOCK = 250;

/** Events 1 to `count`, in blocks as they are written. */
export function* blocks(count: number, frameOf: (sequence: number) => string): Generator<Buffer, void, void> {
  for (let from = 1; from <= count; from += PER_BLOCK) {
    let block = "";
    for (let sequence = from; sequence < Math.min(count + 1, from + PER_BLOCK); sequence += 1)
      block += frameOf(sequence);
    yield Buffer.from(block);
  }
}

/** Writes as fast as the reader takes it. `written` gets the number of blocks. */
export async function pour(
  stream: ServerResponse,
  all: Iterable<Buffer>,
  written: (blocks: number) => void = () => undefined,
): Promise<void> {
  let count = 0;
  for (const block of all) {
    if (!stream.write(block)) await once(stream, "drain");
    count += 1;
    written(count);
  }
}
