/** A Dispatch host that executes a plan turn by turn, and checks what it receives. */

import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { realAmbient } from "../../src/support/ambient.ts";
import { settleWithin } from "../../src/support/settle-within.ts";
import type { Json, Message } from "../support/child-process/line-check.ts";
import { excerpt, firstDifference } from "../support/in-process/excerpt.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { canariesIn } from "./canaries.ts";
import { type ChaosChild, parcelDir } from "./chaos-child.ts";
import type { CourierPlan, CourierRequest } from "./chaos-plan.ts";
import { invalidLine } from "./invalid-lines.ts";
import { type PlanService, sleep } from "./plan-service.ts";
import { isUnknown } from "./roder-oracle.ts";
import { SETTLE_MS, tagOf } from "./roder-session.ts";

// biome-ignore lint/suspicious/noExplicitAny: checked against the protocol's schemas before it comes here
type Row = any;

interface Exchange {
  events: Row[];
  result?: Row;
  error?: { code: string; message: string };
}

/** Faults after which the streamed text may differ from the record. The final message follows the record. */
const LOSSY = new Set([
  "reorder",
  "duplicate",
  "lose",
  "garble",
  "no_ids",
  "empty_ids",
  "no_sequence",
  "legacy",
  "unnamed",
]);
/** A longer message is shortened; the deltas are complete. */
const WHOLE_MESSAGE_CHARS = 50_000;

export class CourierSession {
  readonly problems: string[] = [];
  readonly #plan: CourierPlan;
  readonly #service: PlanService;
  readonly #child: ChaosChild;
  readonly #random: SeededRandom;
  #open: { exchange: Exchange; settle: (exchange: Exchange | undefined) => void } | undefined;
  #ended = false;

  constructor(plan: CourierPlan, service: PlanService, child: ChaosChild) {
    this.#plan = plan;
    this.#service = service;
    this.#child = child;
    this.#random = new SeededRandom(deriveSeed(plan.seed, 5));
    void child.exited.then(() => this.#open?.settle(undefined));
  }

  readonly take = (message: Message): void => {
    if (message.kind !== "notification" && message.id === null) return; // an invalid line was refused
    // All ids are 1: a reply after the shutdown request may belong to it or to the previous request.
    if (this.#ended && this.#plan.ending?.how === "shutdown") return;
    const open = this.#open;
    if (!open) {
      this.problems.push(`I1: ${message.kind} came when nothing was asked`);
      return;
    }
    const { exchange } = open;
    if (message.kind === "notification") {
      exchange.events.push(message.params);
      return;
    }
    if (message.kind === "request") {
      this.problems.push("a request to a host that answers none");
      return;
    }
    this.#open = undefined;
    if (message.kind === "result") exchange.result = message.result;
    else exchange.error = (message.error.data as Row).dispatch_error;
    open.settle(exchange);
  };

  async perform(): Promise<void> {
    const { parcel, requests } = this.#plan;
    const parcel_dir = parcelDir(parcel);
    if (this.#plan.ending) void this.#endLater();
    const opened = await this.#ask("open_session", { parcel_dir });
    let session = opened?.result?.session;
    if (!session && opened && !this.#ended) this.problems.push(`I11: no session: ${JSON.stringify(opened.error)}`);
    for (const [index, request] of requests.entries()) {
      if (!session || this.#ended || this.#child.hasExited) return;
      await sleep(request.atMs);
      const input = `${tagOf(this.#plan, index)}\n@script ${JSON.stringify(request.script)}`;
      const operation = request.via === "chat" ? { kind: "chat", input } : { kind: request.via, payload: input };
      const exchange = await this.#ask("run", { parcel_dir, session, operation });
      if (!exchange) return;
      this.#check(exchange, request, index);
      if (exchange.result && !request.stale) session = exchange.result.session;
    }
  }

  /** Checks what can be checked only at the end. */
  async check(): Promise<void> {
    const { problems } = this;
    for (const index of this.#plan.requests.keys()) {
      const tag = tagOf(this.#plan, index);
      const mine = this.#service.runs.filter((run) => run.tag === tag);
      if (mine.length > 1) problems.push(`I4: ${mine.length} runs of ${tag}`);
    }
    const { deploymentsCreated, deploymentsDeleted } = this.#service.cloud.stats();
    const failedBuild = this.#plan.faults.rules.some(({ kind }) => kind === "fail_build");
    // Where builds fail, each turn may deploy, and repeat it after a lost reply.
    if (deploymentsCreated > (failedBuild ? 2 * this.#plan.requests.length : 1)) {
      problems.push(`I12: ${deploymentsCreated} deployments of one parcel`);
    }
    if (deploymentsDeleted > 0) problems.push("I12: a deployment was deleted");
  }

  async #ask(kind: string, params: Json): Promise<Exchange | undefined> {
    const line = {
      jsonrpc: "2.0",
      id: 1,
      method: `courier.${kind}`,
      params: { kind, ...params, protocol_version: COURIER_PROTOCOL_VERSION },
    };
    const answered = new Promise<Exchange | undefined>((resolve) => {
      this.#open = { exchange: { events: [] }, settle: resolve };
    });
    const lines: (object | string | Buffer)[] = [line];
    for (let count = this.#plan.invalidLines; count > 0; count -= 1)
      lines.splice(this.#random.int(0, lines.length), 0, invalidLine(this.#random));
    this.#child.send(...lines);
    const inTime = await settleWithin(realAmbient, SETTLE_MS, Promise.race([answered, this.#child.exited]), {
      unref: false,
    });
    if (!inTime) {
      this.problems.push(`I1: ${kind} has no reply after ${SETTLE_MS} ms`);
      return undefined;
    }
    return this.#child.hasExited ? Promise.race([answered, undefined]) : answered;
  }

  #check({ events, result, error }: Exchange, request: CourierRequest, index: number): void {
    const { problems } = this;
    const streamed = events.map((event) => (event.kind === "text_delta" ? event.content : "")).join("");
    for (const canary of canariesIn(streamed)) problems.push(`I10: ${canary} in what a host puts together`);
    if (error) {
      const run = this.#service.runs.find(({ tag }) => tag === tagOf(this.#plan, index));
      if (run && /before a run was started/.test(error.message) && !isUnknown(error.message)) {
        problems.push(`I6: "${error.message}", but there is a run (${run.status})`);
      }
      if (error.code === "internal_error") problems.push(`I11: ${error.message}`);
      return;
    }
    const [message, done] = events.slice(-2);
    if (done?.kind !== "done" || message?.kind !== "message") {
      problems.push(`I9: the turn ended with ${message?.kind}, ${done?.kind}`);
      return;
    }
    if (result.kind !== "done") problems.push(`I9: the result of a turn is ${result.kind}`);
    const said: string = message.content;
    const last = JSON.parse(result.session.backend_state).last_run;
    const run = this.#service.runs.find(({ id }) => last?.run_id === id && last.status === "completed");
    const isMine = run?.tag === tagOf(this.#plan, index) && this.#plan.requests.length === 1;
    if (run && isMine && !request.canary && said.length < WHOLE_MESSAGE_CHARS && run.status === "completed") {
      const text = run.text.toWellFormed();
      if (!said.startsWith(text)) problems.push(`I3: message ${excerpt(said)} does not begin with ${excerpt(text)}`);
    }
    const lossy = this.#plan.faults.rules.some(({ kind }) => LOSSY.has(kind));
    if (!lossy && !request.canary && said.length < WHOLE_MESSAGE_CHARS && streamed !== said) {
      problems.push(`I3: streamed ${excerpt(streamed)} is not ${excerpt(said)}${firstDifference(streamed, said)}`);
    }
  }

  async #endLater(): Promise<void> {
    const { ending } = this.#plan;
    if (!ending) return;
    await sleep(ending.afterMs);
    this.#ended = true;
    const params = { kind: "shutdown", protocol_version: COURIER_PROTOCOL_VERSION };
    this.#child.endBy(ending.how, { jsonrpc: "2.0", id: 1, method: "courier.shutdown", params });
  }
}
