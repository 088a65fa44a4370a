/** A Roder host that executes a plan, and checks what it receives. */

import { realAmbient } from "../../src/support/ambient.ts";
import { settleWithin } from "../../src/support/settle-within.ts";
import type { Message } from "../support/child-process/line-check.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import type { ChaosChild } from "./chaos-child.ts";
import type { RoderPlan, RoderRequest } from "./chaos-plan.ts";
import { invalidLine } from "./invalid-lines.ts";
import { type PlanService, sleep } from "./plan-service.ts";
import type { RequestTracker, TrackedRequest } from "./request-tracker.ts";
import { checkRequest, namedRun } from "./roder-oracle.ts";

/** Longest time until a request ends. The waits of a plan are short. */
export const SETTLE_MS = 100_000;
/** Longest time until a reply that needs no service, on a busy machine and with a host that pauses. */
const REPLY_MS = 15_000;
/** Longest time until no run is active after the last event: cancels are repeated in the background. */
export const QUIET_MS = 60_000;

export const tagOf = (plan: { seed: number }, index: number) => `tag-${plan.seed}-${index}`;

export class RoderSession {
  readonly problems: string[] = [];
  readonly #plan: RoderPlan;
  readonly #service: PlanService;
  readonly #child: ChaosChild;
  readonly #tracker: RequestTracker;
  readonly #random: SeededRandom;
  readonly #entries: TrackedRequest[] = [];
  readonly #toolRuns: (string | undefined)[] = [];
  #ended = false;

  constructor(plan: RoderPlan, service: PlanService, child: ChaosChild, tracker: RequestTracker) {
    this.#plan = plan;
    this.#service = service;
    this.#child = child;
    this.#tracker = tracker;
    this.#random = new SeededRandom(deriveSeed(plan.seed, 5));
  }

  async perform(): Promise<void> {
    const requests = this.#plan.requests.map((request, index) => this.#perform(request, index));
    if (this.#plan.ending) await this.#endLater();
    await Promise.all(requests);
  }

  /** Checks the requests, after all have ended or the program has exited. */
  async check(): Promise<void> {
    const { problems } = this;
    for (const [index, request] of this.#plan.requests.entries()) {
      const entry = this.#entries[index];
      if (!entry) continue;
      problems.push(...entry.problems);
      const tag = tagOf(this.#plan, index);
      const named = namedRun(entry);
      if (named && !this.#service.runs.some(({ id }) => id === named)) {
        const run = await this.#service.neverBegun(named);
        if (run) this.#service.runs.push(run);
      }
      const mine = this.#service.runs.filter((run) => run.tag === tag);
      if (mine.length > 1) problems.push(`I4: ${mine.length} runs of ${tag}`);
      const ended = this.#ended;
      const stopped = request.cancelMs.length > 0 || request.timeoutSeconds < 60 || ended;
      problems.push(...checkRequest({ plan: this.#plan, request, entry, runs: mine, ended, stopped }));
    }
  }

  async #perform(request: RoderRequest, index: number): Promise<void> {
    await sleep(request.atMs);
    if (this.#child.hasExited) return;
    const entry = this.#tracker.open(idOf(this.#plan.seed, index));
    this.#entries[index] = entry;
    if (request.via === "tool") return this.#performTool(request, index, entry);
    const lines = [this.#line(request, index, entry)];
    if (request.twice) lines.push(this.#line(request, index, entry));
    for (const ms of request.cancelMs) if (ms === 0) lines.push(this.#cancelLine(request, entry));
    this.#send(...lines);
    const cancels = request.cancelMs.map(async (ms) => {
      await sleep(ms);
      if (ms > 0 && !this.#ended && !this.#child.hasExited) this.#send(this.#cancelLine(request, entry));
    });
    if (
      !(await settleWithin(realAmbient, SETTLE_MS, Promise.race([entry.settled, this.#child.exited]), { unref: false }))
    ) {
      this.problems.push(`I1: ${request.via} ${index} has no end after ${SETTLE_MS} ms`);
    }
    await Promise.all(cancels); // including those after the end
  }

  #send(...lines: (object | string | Buffer)[]): void {
    if (this.#plan.invalidLines > 0 && this.#random.chance(0.5)) {
      for (let count = this.#plan.invalidLines; count > 0; count -= 1)
        lines.splice(this.#random.int(0, lines.length), 0, invalidLine(this.#random));
    }
    this.#child.send(...lines);
  }

  #line(request: RoderRequest, index: number, entry: TrackedRequest): object {
    const prompt = `${tagOf(this.#plan, index)}\n@script ${JSON.stringify(request.script)}`;
    const reply = this.#expectReply(request.via, (message) => entry.answered(message));
    if (request.via === "dispatch") {
      return this.#tracker.request(
        "subagents/dispatch",
        {
          dispatcherId: "seren-cloud",
          dispatchId: entry.id,
          parentThreadId: "th",
          parentTurnId: "tu",
          request: {
            description: "d",
            prompt,
            subagent_type: null,
            inputs: null,
            timeout_seconds: request.timeoutSeconds,
          },
        },
        reply,
      );
    }
    return this.#tracker.request(
      "tasks/execute",
      {
        executorId: "seren-cloud-run",
        executionId: entry.id,
        taskId: "t",
        workspaceRoot: "/w",
        input: {
          prompt,
          ...this.#target(),
          timeout_seconds: request.timeoutSeconds,
          ...(request.detach ? { wait: false } : {}),
        },
      },
      reply,
    );
  }

  #target(): object {
    return this.#plan.target === "agent" ? {} : { deployment_id: this.#service.deploymentId };
  }

  #cancelLine(request: RoderRequest, entry: TrackedRequest): object {
    const reply = this.#expectReply("cancel", (message) => {
      if (message.kind !== "result" && !this.#ended) this.problems.push("I6: a cancel was answered with an error");
    });
    return request.via === "dispatch"
      ? this.#tracker.request("subagents/cancel", { dispatcherId: "seren-cloud", dispatchId: entry.id }, reply)
      : this.#tracker.request(
          "tasks/cancel",
          { executorId: "seren-cloud-run", executionId: entry.id, reason: "r" },
          reply,
        );
  }

  async #performTool(request: RoderRequest, index: number, entry: TrackedRequest): Promise<void> {
    const prompt = `${tagOf(this.#plan, index)}\n@script ${JSON.stringify(request.script)}`;
    const args = { prompt, ...this.#target(), timeout_seconds: request.timeoutSeconds };
    const started = await this.#tool("seren_dispatch", args);
    if (!started) return;
    entry.answered(started);
    const id = toolData(started)?.run_id;
    if (typeof id !== "string") return;
    this.#toolRuns[index] = id;
    await this.#tool("seren_run_status", { run_id: id });
    for (const ms of request.cancelMs) {
      await sleep(Math.min(ms, 500));
      await this.#tool("seren_run_cancel", { run_id: id });
    }
    // The cancel may have met a fault. A model would repeat it, and so does this host.
    for (let tries = 0; tries < 60 && !this.#ended; tries += 1) {
      const said = toolText(await this.#tool("seren_run_cancel", { run_id: id }));
      if (said?.includes("has ended already")) break;
      await sleep(500);
    }
    await this.#tool("seren_run_status", { run_id: id, cursor: 0 });
  }

  async #tool(toolName: string, args: object): Promise<Message | undefined> {
    if (this.#child.hasExited) return undefined;
    const params = {
      providerId: "seren-cloud-tools",
      toolName,
      callId: "c",
      threadId: "t",
      turnId: "u",
      arguments: args,
    };
    let settle: (message: Message) => void = () => undefined;
    const replied = new Promise<Message>((resolve) => {
      settle = resolve;
    });
    this.#send(this.#tracker.request("tools/call", params, this.#expectReply(toolName, settle)));
    return Promise.race([replied, this.#child.exited.then(() => undefined)]);
  }

  /** Reports a reply that takes too long. */
  #expectReply(what: string, onReply: (message: Message) => void): (message: Message) => void {
    const timer = setTimeout(() => {
      if (!this.#child.hasExited && !this.#ended)
        this.problems.push(`I6: ${what} was not answered within ${REPLY_MS} ms`);
    }, REPLY_MS);
    timer.unref();
    return (message) => {
      clearTimeout(timer);
      onReply(message);
    };
  }

  async #endLater(): Promise<void> {
    const { ending } = this.#plan;
    if (!ending) return;
    await sleep(ending.afterMs);
    this.#ended = true;
    // Only a shutdown request is expected to be answered.
    const request = ending.how === "shutdown" ? this.#tracker.request("extension/shutdown", {}, () => undefined) : {};
    this.#child.endBy(ending.how, request);
  }
}

const idOf = (seed: number, index: number) => {
  const hex = ((seed * 16 + index) % 2 ** 48).toString(16).padStart(12, "0");
  return `00000000-0000-4000-8000-${hex}`;
};

function toolData(message: Message): Record<string, unknown> | undefined {
  return message.kind === "result" ? ((message.result.data as Record<string, unknown> | null) ?? undefined) : undefined;
}

function toolText(message: Message | undefined): string | undefined {
  return message?.kind === "result" ? String(message.result.content) : undefined;
}
