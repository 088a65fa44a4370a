/** Runs by their remote id, whoever started them: a look that waits for nothing, and a cancel. */
import { AWAITING_APPROVAL, endingOf, type Run, type SerenClient } from "../../seren/index.ts";
import { asFailure } from "../../support/failure.ts";
import type { Canceller } from "../cancel/canceller.ts";
import type { Approval, Outcome, Phase, RunRef } from "../events.ts";
import { phaseOf } from "../run/notifiers.ts";
import { approvalsOf, endedOutcome, mergeArtifacts, runRefOf } from "../run/outcome.ts";
import { recordedText, Transcript } from "../run/transcript.ts";

/** How a run is doing. */
export interface RunReport {
  run: RunRef;
  phase: Phase;
  /** A short human phrase: the step, the tool. */
  detail?: string;
  /** What was said since the asked-for cursor, as far as one page of the log shows it. */
  text: string;
  /** To be passed next time. */
  cursor: number;
  /** What a person has to decide. */
  approvals: Approval[];
  /** Once the run has ended. */
  outcome?: Outcome;
}

export class RunDirectory {
  readonly #client: SerenClient;
  readonly #canceller: Canceller;

  constructor(client: SerenClient, canceller: Canceller) {
    this.#client = client;
    this.#canceller = canceller;
  }

  /** One look. Without a cursor: from the beginning. Rejects with `not_found` for an unknown id. */
  async status(runId: string, cursor = 0): Promise<RunReport> {
    const once = { attempts: 1 };
    const [record, page] = await Promise.all([
      this.#client.getRun(runId, once),
      this.#client.listRunEvents(runId, cursor, once).catch(() => undefined), // the record alone says enough
    ]);
    const transcript = new Transcript();
    for (const row of page?.events ?? []) transcript.apply(row);
    const report: RunReport = {
      run: runRefOf(record),
      phase: phaseOf(record.status),
      text: transcript.text,
      cursor: cursor + (page?.events.length ?? 0),
      approvals: [],
    };
    if (record.statusMessage) report.detail = record.statusMessage;
    if (record.status === AWAITING_APPROVAL) {
      report.approvals = approvalsOf((await this.#client.getPendingApprovals(runId, once)).approvals);
    }
    const outcome = await this.#outcomeOf(record);
    return outcome ? { ...report, outcome } : report;
  }

  /** Resolves when the service has taken the request; repeats it from then on until the run has ended. */
  async cancel(runId: string): Promise<void> {
    try {
      await this.#client.cancelRun(runId);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.retryable) void this.#canceller.cancel(runId);
      throw failure;
    }
    void this.#canceller.cancel(runId);
  }

  async #outcomeOf(record: Run): Promise<Outcome | undefined> {
    const ending = endingOf(record.status);
    if (!ending) return undefined;
    const transcript = new Transcript();
    for (const row of record.eventRows ?? []) transcript.apply(row);
    const listed = await this.#client.listRunArtifacts(record.id, { attempts: 1 }).catch(() => []);
    return endedOutcome({
      record,
      ending,
      transcript,
      text: recordedText(record) ?? "",
      artifacts: mergeArtifacts(transcript.artifacts, listed),
    });
  }
}
