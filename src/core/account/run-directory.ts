/** Any run of the account by its remote id: a look that does not wait, a cancel, and a resume. */
import {
  AWAITING_APPROVAL,
  type CallOptions,
  type EventPage,
  endingOf,
  type Run,
  type SerenClient,
} from "../../seren/index.ts";
import { isHighSurrogate } from "../../support/clip.ts";
import { asFailure } from "../../support/failure.ts";
import type { Canceller } from "../cancel/canceller.ts";
import type { Approval, Outcome, OutcomeKind, Phase, RunRef } from "../events.ts";
import { phaseOf } from "../run/notifiers.ts";
import { approvalsOf, endedOutcome, mergeArtifacts, runRefOf } from "../run/outcome.ts";
import { recordedText, Transcript } from "../run/transcript.ts";
import { look } from "./look.ts";
import { resumeRun } from "./resume-run.ts";

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
   * an event that does not fit by itself is returned alone. Default: no limit.
   */
  room?: (outcome: Outcome | undefined) => number;
  /** What a text takes of the room. Default: its length. */
  measure?: (text: string) => number;
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

  async #status(
    runId: string,
    { cursor = 0, room = () => Number.POSITIVE_INFINITY, measure = ({ length }) => length }: LookOptions,
    once: CallOptions,
  ): Promise<RunReport> {
    const [record, page] = await Promise.all([
      this.#client.getRun(runId, once),
      this.#client.listRunEvents(runId, cursor, once).catch(() => undefined), // the record alone says enough
    ]);
    const outcome = await this.#outcomeOf(record, { once, first: cursor === 0 ? page : undefined });
    const rows = page?.events ?? [];
    const { text, taken } = textOf(rows, { room: room(outcome), measure, ended: outcome !== undefined });
    const report: RunReport = {
      run: runRefOf(record),
      phase: phaseOf(record.status),
      text,
      cursor: cursor + taken,
      more: taken < rows.length || (page ? page.hasMore : record.cut !== undefined),
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

  /** A record that cannot be read has no answer: the first page of the log stands for it. `first` is that page, if it is known. */
  async #outcomeOf(
    record: Run,
    { once, first }: { once: CallOptions; first: EventPage | undefined },
  ): Promise<Outcome | undefined> {
    const ending = endingOf(record.status);
    if (!ending) return undefined;
    const readFirst = () => this.#client.listRunEvents(record.id, 0, once).catch(() => undefined);
    const page = record.cut && (first ?? (await readFirst()));
    const transcript = new Transcript();
    for (const row of record.eventRows ?? page?.events ?? []) transcript.apply(row);
    const listed = await this.#client.listRunArtifacts(record.id, once).catch(() => undefined);
    const outcome = endedOutcome({
      record,
      ending,
      transcript,
      text: record.cut ? transcript.text : (recordedText(record) ?? ""),
      artifacts: mergeArtifacts(transcript.artifacts, listed?.rows ?? []).artifacts,
    });
    if (outcome.kind === "completed" && record.cut && page?.hasMore !== false) outcome.cut = "log";
    return outcome;
  }
}

interface Room {
  room: number;
  measure: (text: string) => number;
  /** Whether no more rows can come. */
  ended: boolean;
}

/**
 * Returns the text of the first rows, as many as there is room for, and how many those are. It does not end within a
 * character: the other half is in a later row.
 */
function textOf(rows: readonly unknown[], { room, measure, ended }: Room): { text: string; taken: number } {
  const transcript = new Transcript();
  const pieces: { text: string; row: number }[] = [];
  let taken = rows.length;
  let used = 0;
  for (const [row, value] of rows.entries()) {
    const event = transcript.apply(value);
    if (event?.type !== "text") continue;
    used += measure(event.text);
    if (used > room && pieces.length > 0) {
      taken = row;
      break;
    }
    pieces.push({ text: event.text, row });
  }
  const isWhole = taken === rows.length && ended;
  for (let last = pieces.at(-1); !isWhole && last && endsWithin(last.text); last = pieces.at(-1)) {
    if (pieces.length === 1 && taken !== rows.length) break;
    taken = last.row;
    pieces.pop();
  }
  return { text: pieces.map(({ text }) => text).join(""), taken };
}

function endsWithin(text: string): boolean {
  return isHighSurrogate(text.charCodeAt(text.length - 1));
}
