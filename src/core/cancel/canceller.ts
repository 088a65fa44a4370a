/**
 * Cancels remote runs. The service only accepts a cancel, so it is repeated until the record says that the run has ended.
 * This does not depend on anyone pulling events.
 */
import { isTerminal, type Run, type SerenClient } from "../../seren/index.ts";
import { timeoutSignal } from "../../support/abort.ts";
import { backoffMs, sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";

const LOOK_BASE_MS = 250;
const LOOK_CAP_MS = 5_000;
const LOOK_TIMEOUT_MS = 5_000;
/** The cancel itself is sent again this often while the run has not ended. */
const RESEND_EVERY_MS = 5_000;
/** A run that has not ended by then is left to the journal and its next sweep. */
const GIVE_UP_MS = 15 * 60_000;

/** A service whose stores lag behind may not know a young run for a moment. One unknown for this long does not exist. */
export const UNKNOWN_FOR_MS = 30_000;

/** A run that has ended. There is no record when the service does not know the run. */
export interface Ended {
  record?: Run;
}

export class Canceller {
  readonly #client: SerenClient;
  readonly #log: Log;
  readonly #pending = new Map<string, Promise<Ended | undefined>>();

  constructor(client: SerenClient, log: Log) {
    this.#client = client;
    this.#log = log;
  }

  /**
   * Sends the cancel now and repeats it until the run has ended. Resolves with the end, whatever the record says of it (a
   * run may complete while it is being cancelled), or with `undefined` when the run was not seen to end. Never rejects.
   */
  cancel(runId: string): Promise<Ended | undefined> {
    let pending = this.#pending.get(runId);
    if (!pending) {
      pending = this.#until(runId).finally(() => this.#pending.delete(runId));
      this.#pending.set(runId, pending);
    }
    return pending;
  }

  async #until(runId: string): Promise<Ended | undefined> {
    const { ambient } = this.#client;
    const since = ambient.now();
    let sendAt = since;
    let looked = true;
    let unknownSince: number | undefined;
    for (let looks = 0; ambient.now() - since < GIVE_UP_MS; looks += 1) {
      try {
        let record: Run | undefined;
        // One look after each cancel: the run may have ended although the cancel keeps failing.
        if (looked && ambient.now() >= sendAt) {
          looked = false;
          record = await this.#client.cancelRun(runId);
          sendAt = ambient.now() + RESEND_EVERY_MS;
        } else {
          looked = true;
          record = await this.#look(runId);
        }
        if (record && isTerminal(record.status)) return { record };
        unknownSince = undefined;
      } catch (error) {
        const failure = asFailure(error);
        this.#log("debug", "cancel not yet confirmed", { kind: failure.kind });
        if (failure.kind === "not_found") {
          unknownSince ??= ambient.now();
          if (ambient.now() - unknownSince >= UNKNOWN_FOR_MS) return {};
        } else if (!failure.retryable && looks > 10) break;
      }
      await sleep(ambient, backoffMs(ambient, looks, LOOK_BASE_MS, LOOK_CAP_MS));
    }
    this.#log("warn", "a run could not be seen to end after it was cancelled", { waited_ms: ambient.now() - since });
    return undefined;
  }

  /** Reads the record, with a limit of its own: an answer that hangs must not hide that the run has ended. */
  async #look(runId: string): Promise<Run> {
    const bound = timeoutSignal(this.#client.ambient, LOOK_TIMEOUT_MS);
    try {
      return await this.#client.getRun(runId, { attempts: 1, signal: bound.signal });
    } catch (error) {
      if (!bound.signal.aborted) throw error;
      throw new ExecutionFailure("unavailable", "Seren Cloud did not answer in time", { cause: error });
    } finally {
      bound.release();
    }
  }
}
