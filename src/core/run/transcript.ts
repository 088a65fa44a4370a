/**
 * What a run has produced so far. Turns rows of its log into events of the core, and at the end makes the text equal to the
 * record's, whatever the stream lost (`docs/reference/seren-cloud-api.md`, sections 4.8 and 5).
 */
import { decodeRunEvent, type Run, sequenceOf } from "../../seren/index.ts";
import { assertNever } from "../../support/assert-never.ts";
import { ownCopy } from "../../support/clip.ts";
import { parseObject } from "../../support/objects.ts";
import type { Artifact, ExecutionEvent } from "../events.ts";
import { isBusyRefusal, type ReportedError } from "./refusal.ts";
import { MAX_TEXT_CHARACTERS, TextBuffer } from "./text-buffer.ts";

/** Tool calls remembered by id, to pair results with names and to recognise repeats. */
const MAX_TOOLS = 10_000;
/** Artifacts kept of one run. */
export const MAX_ARTIFACTS = 1_000;

export interface RunError {
  message: string;
  code?: string;
  retryable?: boolean;
}

/** How far a run was followed when its record was read. */
export interface Position {
  /** Number of the last event handed on. */
  sequence: number;
  /** Whether every event had a number, so that `sequence` shows which are missing. */
  numbered: boolean;
  /** The highest number that the service mentioned. */
  latest: number;
  /** Whether the stream was read to its own end. */
  complete: boolean;
  /** Number of the last event before the run went on after an interruption; -1 if it was not interrupted. */
  since: number;
  /** Whether the log was seen to hold no more than the record. */
  isWhole: boolean;
}

function isToolEvent(row: unknown): boolean {
  const type = decodeRunEvent(row)?.type;
  return type === "tool_call" || type === "tool_result";
}

export interface FinalText {
  text: string;
  length: number;
  late: string;
  replaced: boolean;
}

export class Transcript {
  readonly artifacts = new Map<string, Artifact>();
  /** The first error that the run reported. The run may go on after it. */
  firstError: RunError | undefined;
  /** Why the run stopped, as its last event says it. */
  stopReason: string | undefined;
  /** Number of rows that were applied. */
  rows = 0;
  /** A refusal of the whole turn, held back until it is certain that more than that happened. */
  #refusal: ExecutionEvent | undefined;
  readonly #text = new TextBuffer();
  readonly #tools = new Map<string, { name: string; called: boolean; resulted: boolean }>();

  /** Returns the events of rows that arrived together. Adjacent texts become one event, which costs less. */
  *applyAll(rows: readonly unknown[]): Generator<ExecutionEvent, void, void> {
    let text = "";
    for (const row of rows) {
      yield* this.#released();
      const event = this.apply(row);
      if (event?.type === "text") {
        text += event.text;
      } else if (event) {
        if (text) yield { type: "text", text };
        text = "";
        yield event;
      }
    }
    if (text) yield { type: "text", text };
  }

  /** Returns the event of one row, or undefined when the row has none for a host. */
  apply(row: unknown): ExecutionEvent | undefined {
    const event = decodeRunEvent(row);
    this.rows += 1;
    switch (event?.type) {
      case "text":
        if (event.text === "") return undefined;
        this.#text.append(event.text);
        return { type: "text", text: event.text };
      case "thinking":
        return event.text === "" ? undefined : { type: "thinking", text: event.text };
      case "tool_call": {
        const tool = this.#tool(event.id, event.name);
        tool.name = event.name;
        if (tool.called) return undefined; // a later row of one call only changes its status
        tool.called = true;
        return { type: "tool_call", id: event.id, name: event.name, arguments: event.arguments ?? "{}" };
      }
      case "tool_result": {
        const tool = this.#tool(event.id, event.id);
        if (tool.resulted) return undefined;
        tool.resulted = true;
        return { type: "tool_result", id: event.id, name: tool.name, content: event.content, isError: event.isError };
      }
      case "artifact": {
        if (this.artifacts.has(event.id) || this.artifacts.size >= MAX_ARTIFACTS) return undefined;
        const artifact: Artifact = {
          id: event.id,
          kind: event.kind,
          ...(event.uri ? { uri: event.uri } : {}),
          ...(event.sha256 ? { sha256: event.sha256 } : {}),
          ...(event.sizeBytes ? { sizeBytes: event.sizeBytes } : {}),
        };
        this.artifacts.set(event.id, artifact);
        return { type: "artifact", artifact };
      }
      case "guardrail_fail":
        return { type: "notice", level: "warning", message: `guardrail ${event.name}: ${event.message}` };
      case "error":
        this.firstError ??= {
          message: event.message,
          ...(event.code ? { code: event.code } : {}),
          ...(typeof event.retryable === "boolean" ? { retryable: event.retryable } : {}),
        };
        return this.#hold({ type: "notice", level: "warning", message: event.message }, event);
      case "done": // the record says how the run ended
        this.stopReason = event.reason ?? this.stopReason;
        return undefined;
      case undefined: // of a type this version does not know
      case "tool_audit":
      case "workflow":
      case "approval_wait": // `ApprovalNotifier` asks for what is to be decided
      case "approval_decision":
      case "guardrail_pass":
      case "handoff":
      case "compaction_started":
      case "compaction_finished":
        return undefined;
      default:
        return assertNever(event);
    }
  }

  /**
   * Applies and returns the events of the record after the last one that arrived, in order. Where events came without a
   * number it is not known which are missing; `finalText` makes the text right in that case as well.
   */
  *missing(
    record: Run,
    { sequence, numbered }: Pick<Position, "sequence" | "numbered">,
  ): Generator<ExecutionEvent, void, void> {
    for (const row of record.eventRows ?? []) {
      const number = numbered ? sequenceOf(row) : undefined;
      const isLater = number !== undefined && number > sequence;
      // Tools that were lost in the middle are reported late. Text is not: it would appear in the wrong place.
      if (!isLater && !isToolEvent(row)) continue;
      yield* this.#released();
      const event = this.apply(row);
      if (event) yield event;
    }
  }

  /**
   * Returns the final text, given the record. `text` has at most `MAX_TEXT_CHARACTERS` of its `length` characters; `late`
   * is to be appended to what was streamed; `replaced` says that the record's text does not begin with the streamed text.
   */
  finalText(record: Run, position: Position): FinalText {
    const recorded = recordedText(record);
    const streamed = this.#text;
    if (recorded === undefined) return this.#asStreamed();
    if (streamed.isBeginningOf(recorded)) {
      const late = ownCopy(recorded.slice(streamed.length));
      return late === "" ? this.#asStreamed() : { ...asRecorded(recorded), late };
    }
    // An incomplete record does not invalidate what was streamed.
    const rows = record.eventRows;
    const trusted = rows !== undefined && isComplete(record, position);
    const kept = streamed.toString();
    const isBeginning = recorded.length < streamed.length && kept.startsWith(recorded.slice(0, kept.length));
    if (isBeginning && !trusted) return this.#asStreamed();
    // The output of the process is used only where there are no text events.
    if (streamed.length > 0 && rows && !textOf(rows)) return this.#asStreamed();
    return { ...asRecorded(recorded), replaced: true };
  }

  #asStreamed(): FinalText {
    return { text: this.#text.toString(), length: this.#text.length, late: "", replaced: false };
  }

  get text(): string {
    return this.#text.toString();
  }

  /** The run goes on after an interruption: that was not its end. */
  goOn(): void {
    this.firstError = undefined;
    this.stopReason = undefined;
  }

  /** A turn that was refused and nothing else is sent anew, so its error is none for the host. The outcome repeats it if not. */
  #hold(notice: ExecutionEvent, error: ReportedError): ExecutionEvent | undefined {
    if (this.rows > 1 || !isBusyRefusal(error)) return notice;
    this.#refusal = notice;
    return undefined;
  }

  *#released(): Generator<ExecutionEvent, void, void> {
    if (this.#refusal) yield this.#refusal;
    this.#refusal = undefined;
  }

  #tool(id: string, name: string): { name: string; called: boolean; resulted: boolean } {
    let tool = this.#tools.get(id);
    if (!tool) {
      tool = { name, called: false, resulted: false };
      if (this.#tools.size < MAX_TOOLS) this.#tools.set(id, tool);
    }
    return tool;
  }
}

function asRecorded(recorded: string): FinalText {
  const text = ownCopy(recorded.slice(0, MAX_TEXT_CHARACTERS));
  return { text, length: recorded.length, late: "", replaced: false };
}

/** Returns whether the record holds the event that ends a run, or no events at all. */
export function hasEnd({ eventRows }: Run, isNew: (row: unknown) => boolean = () => true): boolean {
  return !eventRows || eventRows.some((row) => decodeRunEvent(row)?.type === "done" && isNew(row));
}

/**
 * Returns whether the record holds the whole log. A `done` event proves it. Without one, a record is believed that reaches
 * the highest number the service mentioned, provided that the stream was read to its end and that number is thus known.
 */
export function isComplete(record: Run, { sequence, latest, numbered, complete, since, isWhole }: Position): boolean {
  if (isWhole) return true;
  const isNew = (row: unknown) => since < 0 || (sequenceOf(row) ?? -1) > since;
  if (hasEnd(record, isNew)) return true; // a record without rows gets none later
  return complete && numbered && latestSequenceOf(record) >= Math.max(sequence, latest);
}

/** Returns the highest number of an event in the record, or what stands for it; -1 where none can be known. */
export function latestSequenceOf({ cut, eventRows = [] }: Run): number {
  return eventRows.reduce<number>((most, row) => Math.max(most, sequenceOf(row) ?? -1), cut?.latestSequence ?? -1);
}

/**
 * Returns the answer of the record: the joined text events, else the output of the process. The output of an orchestrated
 * run can be a JSON document with the answer in `response`. Returns undefined when the record holds neither.
 */
export function recordedText(record: Run): string | undefined {
  const rows = record.eventRows;
  const text = textOf(rows ?? []);
  if (text) return text;
  if (!record.output) return rows ? "" : undefined;
  const response = parseObject(record.output)?.response;
  return typeof response === "string" ? response : record.output;
}

function textOf(rows: readonly unknown[]): string {
  let text = "";
  for (const row of rows) {
    const event = decodeRunEvent(row);
    if (event?.type === "text") text += event.text;
  }
  return text;
}
