/**
 * An embedded Seren Cloud on a real socket whose answers have odd members. It is the service as the program meets it: the
 * same member is odd in every answer of the operation, from the first to the last.
 */
import {
  type Json,
  LocalCloud,
  type LocalCloudOptions,
  type LocalReply,
  type LocalRequest,
  type LocalResponse,
  membersOf,
  type Oddity,
  startLocalHttp,
  withOddMember,
} from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";

export interface OddMember {
  /** Operation, or `stream/<frame>` and `stream/<frame>/<type>` for what a stream carries. */
  operation: string;
  path: string;
  oddity: Oddity;
  /** Which of the values of the oddity. */
  form: number;
}

/** What happens to one request, besides the odd member. */
export type Mishap =
  /** The first answer of the operation is lost after the service has done its work. */
  | { kind: "lost"; operation: "create_run" | "deploy" }
  /** Streams break after so many frames; only the first `times` do. */
  | { kind: "cut"; frames: number; times: number }
  | { kind: "no_streams" };

export interface Requests {
  deploys: number;
  creates: number;
  cancels: number;
  decisions: number;
  all: number;
}

/** Written again here on purpose: the instrument must not believe the table it tests. */
const OPERATIONS: readonly (readonly [method: string, path: RegExp, operation: string])[] = [
  ["POST", /^\/deploy$/, "deploy"],
  ["GET", /^\/deployments$/, "deployments"],
  ["GET", /^\/deployments\/[^/]+$/, "deployment"],
  ["DELETE", /^\/deployments\/[^/]+$/, "delete"],
  ["POST", /^\/deployments\/[^/]+\/start$/, "start"],
  ["POST", /^\/deployment-bundles$/, "register_bundle"],
  ["POST", /^\/deployment-bundles\/[^/]+\/complete$/, "complete_bundle"],
  ["POST", /^\/deployments\/[^/]+\/runs$/, "create_run"],
  ["GET", /^(\/deployments\/[^/]+)?\/runs$/, "runs"],
  ["GET", /^\/runs\/[^/]+$/, "record"],
  ["GET", /^\/runs\/[^/]+\/state$/, "state"],
  ["GET", /^\/runs\/[^/]+\/events$/, "events"],
  ["GET", /^\/runs\/[^/]+\/stream$/, "stream"],
  ["GET", /^\/runs\/[^/]+\/artifacts$/, "artifacts"],
  ["GET", /^\/runs\/[^/]+\/pending_approvals$/, "approvals"],
  ["GET", /^\/pending_approvals$/, "pending"],
  ["POST", /^\/runs\/[^/]+\/cancel$/, "cancel"],
  ["POST", /^\/runs\/[^/]+\/resume$/, "resume"],
  ["GET", /^\/inbox\/approvals$/, "inbox"],
  ["POST", /^\/inbox\/approvals\/[^/]+\/decide$/, "decide"],
];
const PREFIX = "/publishers/seren-cloud";

export class OddService {
  readonly cloud: LocalCloud;
  readonly requests: Requests = { deploys: 0, creates: 0, cancels: 0, decisions: 0, all: 0 };
  /** What the answers held, by operation and path, before anything was changed. */
  readonly members = new Map<string, Map<string, Json>>();
  odd: readonly OddMember[] = [];
  /** While a scenario prepares itself: nothing is counted and nothing goes wrong. */
  paused = false;
  readonly #mishaps: Mishap[];
  #close = async () => {};

  constructor(key: string, mishaps: readonly Mishap[] = [], options: Partial<LocalCloudOptions> = {}) {
    this.cloud = new LocalCloud({ ambient: realAmbient, keys: [key], retryMs: 100, ...options });
    this.#mishaps = mishaps.map((mishap) => ({ ...mishap }));
  }

  /** Returns the origin. */
  async listen(): Promise<string> {
    const { origin, close } = await startLocalHttp({
      refusal: (head) => this.cloud.refusal(head),
      handle: (request, signal) => this.#handle(request, signal),
    });
    this.#close = close;
    return origin;
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #handle(request: LocalRequest, signal: AbortSignal | undefined): Promise<LocalResponse> {
    if (this.paused) return this.cloud.handle(request, signal);
    const operation = operationOf(request);
    this.requests.all += 1;
    if (operation === "stream" && this.#mishaps.some(({ kind }) => kind === "no_streams")) return refusal(405);
    const reply = await this.cloud.handle(request, signal);
    this.#count(operation, request, reply);
    const lost = this.#mishaps.findIndex((one) => one.kind === "lost" && one.operation === operation);
    if (lost >= 0) {
      this.#mishaps.splice(lost, 1);
      return refusal(502);
    }
    if (reply.drop || reply.status < 200 || reply.status > 299) return reply;
    if (reply.body === "") return reply;
    if (typeof reply.body !== "string") return { ...reply, body: this.#frames(reply.body) };
    return this.#changed(reply, operation);
  }

  #changed(reply: LocalReply, operation: string): LocalReply {
    return { ...reply, body: JSON.stringify(this.#odd(JSON.parse(reply.body as string) as Json, operation)) };
  }

  #odd(value: Json, operation: string): Json {
    const known = this.members.get(operation) ?? new Map<string, Json>();
    for (const [path, member] of membersOf(value))
      if (!known.has(path) || known.get(path) === null) known.set(path, member);
    this.members.set(operation, known);
    return this.odd.filter((odd) => odd.operation === operation).reduce(withOddMember, value);
  }

  async *#frames(body: AsyncIterable<string>): AsyncGenerator<string> {
    const cut = this.#mishaps.find((one) => one.kind === "cut" && one.times > 0);
    let left = cut?.kind === "cut" ? cut.frames : Number.POSITIVE_INFINITY;
    if (cut?.kind === "cut") cut.times -= 1;
    for await (const piece of body) {
      for (const frame of piece.split(/(?<=\n\n)/)) {
        if (left <= 0) return;
        const parts = /^((?:id: .*\n)?event: (.*)\ndata: )(.*)\n\n$/.exec(frame);
        if (!parts) {
          yield frame;
          continue;
        }
        left -= 1;
        const [, head = "", name = "", data = ""] = parts;
        const value = JSON.parse(data) as Json;
        const type =
          name === "run.event" && value && typeof value === "object" && !Array.isArray(value) ? `/${value.type}` : "";
        yield `${head}${JSON.stringify(this.#odd(value, `stream/${name}${type}`))}\n\n`;
      }
    }
  }

  /** Of creates and deploys, those that were carried out: a refused one may be sent again. */
  #count(operation: string, { body }: LocalRequest, reply: LocalResponse): void {
    const isTaken = !reply.drop && reply.status < 300;
    const decides = operation === "decide" || (typeof body === "string" && body.includes('"approval_decisions"'));
    if (operation === "deploy" && isTaken) this.requests.deploys += 1;
    if (operation === "cancel") this.requests.cancels += 1;
    if (decides) this.requests.decisions += 1;
    else if (operation === "create_run" && isTaken) this.requests.creates += 1;
  }
}

function operationOf({ method, path }: LocalRequest): string {
  const plain = (path.split("?")[0] ?? "").slice(PREFIX.length);
  return OPERATIONS.find(([verb, pattern]) => verb === method && pattern.test(plain))?.[2] ?? "other";
}

function refusal(status: number): LocalReply {
  const body = JSON.stringify({ error: "Refused", message: "refused by the instrument" });
  return { status, headers: { "content-type": "application/json" }, body };
}
