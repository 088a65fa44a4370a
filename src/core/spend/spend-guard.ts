/**
 * Holds runs to the limits a person has set: before a start, across the processes of the machine, and while it goes on. The
 * service does not say in its stream what a run costs, so the record is asked.
 */
import { endingOf, type Run, type SerenClient } from "../../seren/index.ts";
import { withTimeLimit } from "../../support/abort.ts";
import { type Ambient, sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { RecentSet } from "../../support/recent-set.ts";
import type { LedgerStart } from "../cancel/journal.ts";
import type { Outcome, RunRef } from "../events.ts";
import type { RunRequest, Target } from "../request.ts";
import { costOf } from "../run/cost.ts";
import { usageOf } from "../run/outcome.ts";
import { type LimitSettings, limitsOf, reachedAtStart, reachedWhileRunning, refusal } from "./limits.ts";
import {
  CONTINUED,
  entriesOf,
  LONGEST_RUN_MS,
  type SpendEntry,
  type SpendLedger,
  type SpendLine,
} from "./spend-entries.ts";

const LOOK_EVERY_MS = 15_000;
/** A record that takes long to read is large, and is read less often. */
const LOOK_SHARE = 10;
/** Before a refusal the records of runs that may have ended are read, within this time. */
const SETTLE_LIMIT_MS = 5_000;
const MAX_SETTLED = 10;

/** A limit that was reached while the run went on. */
export type Overrun = NonNullable<ReturnType<typeof reachedWhileRunning>>;

export interface SpendGuardOptions {
  client: SerenClient;
  ledger: SpendLedger;
  limits: LimitSettings;
  host: string;
  log: Log;
}

export class SpendGuard {
  readonly #options: SpendGuardOptions;
  /** Runs whose ends requests of this process have noted. */
  readonly #concluded = new RecentSet<string>(1_000);
  /** Runs that are in the ledger with their starts. */
  readonly #attributed = new RecentSet<string>(1_000);

  constructor(options: SpendGuardOptions) {
    this.#options = options;
  }

  get ambient(): Ambient {
    return this.#options.client.ambient;
  }

  /** Notes a start. Rejects with a final refusal when a limit leaves no room for it, and when that cannot be known. */
  async admit({ target }: RunRequest, signal: AbortSignal): Promise<string> {
    const { client, ledger, limits, host } = this.#options;
    const id = client.ambient.uuid();
    try {
      await ledger.exclusively(signal, async () => {
        let reached = await this.#reached();
        if (reached && (await this.#settle(signal))) reached = await this.#reached();
        if (reached) throw refusal(reached, limits.path);
        await ledger.append({ kind: "start", id, at: client.ambient.now(), host, agent: agentOf(target) });
      });
    } catch (error) {
      if (signal.aborted || (error instanceof ExecutionFailure && error.kind === "payment_required")) throw error;
      const { message } = asFailure(error);
      const why = `what runs have cost cannot be looked up, so none is started: ${message}; repair that, or take [limits] out of ${limits.path}`;
      throw new ExecutionFailure("invalid_input", why, { cause: error });
    }
    return id;
  }

  /** Notes what a start came to. Also as a keeper of the journal, for one whose process was killed before it could. */
  async attribute({ ledgerId: id, runId: run, deploymentId: deployment = "" }: LedgerStart): Promise<void> {
    if (run === undefined) return this.note({ kind: "none", id });
    if (this.#attributed.has(run)) return;
    this.#attributed.add(run);
    await this.note({ kind: "run", id, run, deployment });
  }

  /** A request has seen the run end. */
  async conclude(run: string, micros: number | undefined): Promise<void> {
    this.#concluded.add(run);
    await this.note({ kind: "end", run, micros });
  }

  /** Never rejects: a run that goes on is not failed by its ledger. */
  async note(line: SpendLine): Promise<void> {
    try {
      await this.#options.ledger.append(line);
    } catch (error) {
      this.#options.log("warn", "what a run has cost could not be noted", { error: asFailure(error).message });
    }
  }

  /**
   * Looks at what the run costs until `signal` is aborted. Resolves with the limit that it reaches. Never rejects. Without a limit
   * of money nothing is looked at.
   */
  async watch({ runId }: RunRef, signal: AbortSignal): Promise<Overrun | undefined> {
    const { client, limits, host } = this.#options;
    const { ambient } = client;
    const money = limitsOf(limits, host).some(
      (one) => one.limits.runMicros !== undefined || one.limits.dayMicros !== undefined,
    );
    let known = 0;
    let pauseMs = LOOK_EVERY_MS;
    while (money && !signal.aborted) {
      try {
        await sleep(ambient, pauseMs, signal);
        const began = ambient.now();
        const spent = costOf(usageOf(await client.getRun(runId, { attempts: 1, signal }))) ?? 0;
        pauseMs = Math.max(LOOK_EVERY_MS, LOOK_SHARE * (ambient.now() - began));
        if (spent > known) await this.note({ kind: "cost", run: runId, micros: spent });
        known = Math.max(known, spent);
        const over = reachedWhileRunning(limits, host, known, await this.#entries(), ambient.now());
        if (over) return over;
      } catch {
        // the next look may succeed
      }
    }
    return undefined;
  }

  /** The lowest limit of one run, in millionths of a dollar. */
  get runLimit(): number | undefined {
    const { limits, host } = this.#options;
    const all = limitsOf(limits, host).flatMap((one) => one.limits.runMicros ?? []);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  async #entries(): Promise<SpendEntry[]> {
    const now = this.#options.client.ambient.now();
    // Runs of today, and those that may still go on.
    return entriesOf(await this.#options.ledger.read(now - LONGEST_RUN_MS), now);
  }

  async #reached() {
    const { client, limits, host } = this.#options;
    return reachedAtStart(limits, host, await this.#entries(), client.ambient.now());
  }

  /** Reads the records of runs that may have ended unseen, as detached ones do. Returns whether something was learned. */
  async #settle(signal: AbortSignal): Promise<boolean> {
    const { client } = this.#options;
    const open = (await this.#entries()).filter((one) => one.open && one.runs.length > 0).slice(0, MAX_SETTLED);
    const looks = open
      .flatMap(({ runs }) => runs.slice(-1))
      .map(async (runId) => {
        const within = { ambient: client.ambient, ms: SETTLE_LIMIT_MS, signal };
        const record = await withTimeLimit(within, (limit) => client.getRun(runId, { attempts: 1, signal: limit }));
        await this.#noteRecord(record);
      });
    const settled = await Promise.allSettled(looks);
    return settled.some(({ status }) => status === "fulfilled");
  }

  #noteRecord(record: Run): Promise<void> {
    const micros = costOf(usageOf(record));
    if (endingOf(record.status)) return this.note({ kind: "end", run: record.id, micros });
    return micros === undefined ? Promise.resolve() : this.note({ kind: "cost", run: record.id, micros });
  }

  /** As a keeper of the journal: an end that no request has followed. */
  async beforeForgetting(_: string, outcome: Outcome | undefined): Promise<void> {
    if (outcome?.run && !this.#concluded.has(outcome.run.runId))
      await this.note({ kind: "end", run: outcome.run.runId, micros: costOf(outcome.usage) });
  }
}

function agentOf(target: Target): string {
  if (target.kind === "conversation") return CONTINUED;
  return target.kind === "deployment" ? target.deploymentId : target.name;
}
