/** Any run of the account by its remote id: a look that does not wait, a cancel, and a resume. */
import {
  AWAITING_APPROVAL,
  type CallOptions,
  type EventPage,
  endingOf,
  type Run,
  type SerenClient,
} from "../../seren/index.ts";
import { asFailure } from "../../support/failure.ts";
import type { Canceller } from "../cancel/canceller.ts";
import type { Approval, Outcome, OutcomeKind, Phase, RunRef } from "../events.ts";
import { phaseOf } from "../run/notifiers.ts";
import { approvalsOf, endedOutcome, mergeArtifacts, runRefOf } from "../run/outcome.ts";
import { hasEnd, recordedText, Transcript } from "../run/transcript.ts";
import { type EarlierRun, readEarlierRun } from "./earlier-run.ts";
import { look } from "./look.ts";
import { resumeRun } from "./resume-run.ts";
import { readTranscript } from "./run-transcript.ts";
import { readCursor, textSince } from "./text-since.ts";
import type { RunTranscript } from "./transcript-entries.ts";

/** State of a run at one look. */
export interface RunReport {
  run: RunRef;
  phase: Phase;
  /** A short phrase for people: the step, the tool. */
  detail?: string;
  /** Text since the requested cursor, as far as one page of the log and the room for it reach. */
  text: string;
  /** Cursor for the next look. */
  cursor: number;
  /** Whether the log has more than `cursor` reaches. */
  more: boolean;
  /** What a person has to decide. */
  approvals: Approval[];
  /** Once the run has ended. */
  outcome?: Outcome;
  /** Milliseconds since the epoch, as the record has them. */
  createdAt?: number;
  updatedAt?: number;
}

export interface LookOptions {
  /** Where the text begins. Default: 0, the beginning. */
  cursor?: number | undefined;
  /**
   * Characters of text that there is room for, given how the run ended. The text ends before the event that would not fit;
   * an event that does not fit by itself is returned in parts, one a look. Default: no limit.
   */
  room?: (outcome: Outcome | undefined) => number;
  /** What a text takes of the room. Default: its length. */
  measure?: (text: string) => number;
  /** Masks the secrets of an event that is returned in parts. Default: nothing is masked. */
  clean?: (text: string) => string;
}

export class RunDirectory {
  readonly #client: SerenClient;
  readonly #canceller: Canceller;

  constructor(client: SerenClient, canceller: Canceller) {
    this.#client = client;
    this.#canceller = canceller;
  }

  /** Looks once. Rejects with `not_found` for an unknown id. */
  async status(runId: string, options: LookOptions = {}): Promise<RunReport> {
    return look(this.#client, (signal) => this.#status(runId, options, { attempts: 1, signal }));
  }

  async #status(runId: string, options: LookOptions, once: CallOptions): Promise<RunReport> {
    const { room = () => Number.POSITIVE_INFINITY, measure = ({ length }) => length, clean = (text) => text } = options;
    const since = readCursor(options.cursor ?? 0);
    const [record, page] = await Promise.all([
      this.#client.getRun(runId, once),
      this.#client.listRunEvents(runId, since.row, once).catch(() => undefined), // the record alone says enough
    ]);
    const outcome = await this.#outcomeOf(record, { once, first: since.row === 0 ? page : undefined });
    const rows = page?.events ?? [];
    const ended = outcome !== undefined;
    const { text, cursor, more } = textSince(rows, { since, room: room(outcome), measure, clean, ended });
    const report: RunReport = {
      run: runRefOf(record),
      phase: phaseOf(record.status),
      text,
      cursor,
      more: more || (page ? page.hasMore : record.cut !== undefined),
      approvals: [],
    };
    if (record.statusMessage) report.detail = record.statusMessage;
    if (record.createdAt !== undefined) report.createdAt = record.createdAt;
    if (record.updatedAt !== undefined) report.updatedAt = record.updatedAt;
    if (record.status === AWAITING_APPROVAL) {
      report.approvals = approvalsOf((await this.#client.approvals.ofRun(runId, once)).approvals);
    }
    return outcome ? { ...report, outcome } : report;
  }

  /**
   * Resolves when the service has accepted the cancel, which is then repeated until the run has ended. Nothing is read
   * before it is sent. Returns how the run ended, where that can be seen at once.
   */
  async cancel(runId: string): Promise<OutcomeKind | undefined> {
    try {
      const run = await this.#client.cancelRun(runId);
      const ending = run && endingOf(run.status);
      if (!ending) void this.#canceller.cancel(runId);
      return ending;
    } catch (error) {
      const failure = asFailure(error);
      if (failure.retryable) void this.#canceller.cancel(runId);
      const ending = failure.kind === "conflict" ? await this.#endingOf(runId) : undefined;
      if (ending) return ending;
      throw failure;
    }
  }

  /** Reads a run to go on from it. Rejects with `not_found`. */
  earlier(runId: string): Promise<EarlierRun> {
    return readEarlierRun(this.#client, runId);
  }

  /** Reads all that is known of a run. Rejects with `not_found`. */
  transcript(runId: string): Promise<RunTranscript> {
    return readTranscript(this.#client, runId);
  }

  /** Lets an interrupted run go on. Returns the run that does. Rejects with `conflict` when there is nothing to resume. */
  resume(runId: string): Promise<RunRef> {
    return resumeRun(this.#client, runId);
  }

  async #endingOf(runId: string): Promise<OutcomeKind | undefined> {
    const record = look(this.#client, (signal) => this.#client.getRun(runId, { signal }));
    return record.then(
      ({ status }) => endingOf(status),
      () => undefined,
    );
  }

  /**
   * A record that cannot be read has no answer, and one may lag behind its run: then the first page of the log stands for it.
   * `first` is that page, if it is known.
   */
  async #outcomeOf(
    record: Run,
    { once, first }: { once: CallOptions; first: EventPage | undefined },
  ): Promise<Outcome | undefined> {
    const ending = endingOf(record.status);
    if (!ending) return undefined;
    const readFirst = () => this.#client.listRunEvents(record.id, 0, once).catch(() => undefined);
    const page = record.cut || !hasEnd(record) ? (first ?? (await readFirst())) : undefined;
    const recorded = record.eventRows ?? [];
    const isBehind = record.cut !== undefined || (page !== undefined && page.events.length > recorded.length);
    const transcript = new Transcript();
    for (const row of isBehind ? (page?.events ?? []) : recorded) transcript.apply(row);
    const listed = await this.#client.listRunArtifacts(record.id, once).catch(() => undefined);
    const outcome = endedOutcome({
      record,
      ending,
      transcript,
      text: isBehind ? transcript.text : (recordedText(record) ?? ""),
      artifacts: mergeArtifacts(transcript.artifacts, listed ?? { rows: [] }).artifacts,
    });
    if (isBehind && page?.hasMore !== false) outcome.cut = "log";
    return outcome;
  }
}
