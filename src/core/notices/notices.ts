/**
 * Sends notices of runs: never two of one thing, although several processes may follow a run, and none lost when the process
 * that follows it is killed. Each is claimed before it is sent, and between claim and sending nothing else can happen in this
 * process. What was not claimed is sent by the process that sweeps: the journal forgets a run only after its end was told.
 *
 * A watcher of the registry: it can neither delay nor break a run.
 */
import type { Ambient } from "../../support/ambient.ts";
import { Semaphore } from "../../support/semaphore.ts";
import { settleWithin } from "../../support/settle-within.ts";
import type { Outcome, RunRef } from "../events.ts";
import type { RunEnded, RunProgress, RunStarted, RunWatcher } from "../host/run-watchers.ts";
import {
  type Claimable,
  type Notice,
  type NoticeEvent,
  noticeOfApproval,
  noticeOfCost,
  noticeOfEnd,
} from "./notice.ts";

/** Programs that run at the same time. */
const MAX_SENDING = 8;
/** A run that is left waiting for a person is not held up longer by the notice of it. */
const WAITING_LIMIT_MS = 5_000;

export interface NoticeClaims {
  /** Resolves when a claim can be made without waiting for a disk; with false when none can be made. Never rejects. */
  ready(): Promise<boolean>;
  /** Returns at once, whether this process is the one that sends. */
  claim(name: string): boolean;
}

export interface NoticesOptions {
  host: string;
  events: ReadonlySet<NoticeEvent>;
  /** What a run has cost when a notice says so, in millionths of a dollar. Default: no such notice. */
  costMark?: number | undefined;
  claims: NoticeClaims;
  /** Removes secrets: a record is as its agent wrote it. */
  clean(text: string): string;
  /** Begins to send before it returns. Resolves when it is done with it; never rejects. */
  send(notice: Notice): Promise<void>;
  ambient: Ambient;
}

export class Notices implements RunWatcher {
  readonly #options: NoticesOptions;
  readonly #slots = new Semaphore(MAX_SENDING);
  /** Runs that requests of this process follow, by the keys of the requests, and what waits for their ends. */
  readonly #followed = new Map<string, Set<string>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Notices that are on their way to their claims, by runs. */
  readonly #claiming = new Map<string, Set<Promise<void>>>();
  readonly #sending = new Set<Promise<void>>();

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  started({ key, run }: RunStarted): void {
    this.#followed.set(key, (this.#followed.get(key) ?? new Set()).add(run.runId));
  }

  event({ run, event }: RunProgress): void {
    if (!run) return;
    const { host, costMark } = this.#options;
    if (event.type === "approval_wait") this.#tell(noticeOfApproval(run, host, event));
    if (event.type === "usage")
      this.#tell(noticeOfCost({ run, host, status: "running", usage: event.usage }, costMark));
  }

  ended({ key, result, durationMs }: RunEnded): void {
    if ("outcome" in result) this.#tellEnd(result.outcome, this.#options.host, durationMs);
    const runs = this.#followed.get(key) ?? [];
    this.#followed.delete(key);
    for (const runId of runs) {
      if (this.#isFollowed(runId)) continue;
      for (const resume of this.#waiting.get(runId) ?? []) resume();
      this.#waiting.delete(runId);
    }
  }

  /**
   * Resolves when the journal may forget the run: its end was told, by this process or another. `outcome` is what the record
   * shows, for an end that no request has seen.
   */
  async beforeForgetting(runId: string, outcome: Outcome | undefined, host: string): Promise<void> {
    if (this.#isFollowed(runId)) {
      await new Promise<void>((resolve) => {
        this.#waiting.set(runId, (this.#waiting.get(runId) ?? new Set()).add(resolve));
      });
    }
    if (outcome) this.#tellEnd(this.#cleaned(outcome), host);
    await this.#claimed(runId);
  }

  /** Resolves when what is known of a waiting run was told, or a few seconds later. */
  async beforeLeaving({ runId }: Pick<RunRef, "runId">): Promise<void> {
    await settleWithin(this.#options.ambient, WAITING_LIMIT_MS, this.#claimed(runId));
  }

  /** Resolves when everything that was begun has been sent. */
  async idle(): Promise<void> {
    await Promise.all([...this.#claiming.values()].flatMap((all) => [...all]));
    await Promise.all(this.#sending);
  }

  #cleaned(outcome: Outcome): Outcome {
    const { clean } = this.#options;
    const { text, error } = outcome;
    return { ...outcome, text: clean(text), ...(error ? { error: { ...error, message: clean(error.message) } } : {}) };
  }

  #isFollowed(runId: string): boolean {
    return [...this.#followed.values()].some((runs) => runs.has(runId));
  }

  #tellEnd(outcome: Outcome, host: string, durationMs?: number): void {
    const end = noticeOfEnd(outcome, host, durationMs);
    if (!end) return;
    this.#tell(noticeOfCost(end.notice, this.#options.costMark));
    this.#tell(end);
  }

  async #claimed(runId: string): Promise<void> {
    await Promise.all(this.#claiming.get(runId) ?? []);
  }

  #tell(claimable: Claimable | undefined): void {
    if (!claimable || !this.#options.events.has(claimable.notice.event)) return;
    const { runId } = claimable.notice.run;
    const all = this.#claiming.get(runId) ?? new Set();
    this.#claiming.set(runId, all);
    const claiming: Promise<void> = this.#claim(claimable).finally(() => {
      all.delete(claiming);
      if (all.size === 0) this.#claiming.delete(runId);
    });
    all.add(claiming);
  }

  /** Resolves when it is decided who sends, and if that is this process, when sending has begun. */
  async #claim({ name, notice }: Claimable): Promise<void> {
    const { claims, send } = this.#options;
    const release = await this.#slots.take();
    const canClaim = await claims.ready();
    // From here to the return nothing is awaited: a process that dies has either claimed and sent, or neither.
    if (canClaim && !claims.claim(name)) return release();
    const sending = send(notice).finally(() => {
      this.#sending.delete(sending);
      release();
    });
    this.#sending.add(sending);
  }
}
