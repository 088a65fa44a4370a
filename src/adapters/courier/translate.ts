/** Core events and outcomes in Dispatch's words. The text that is streamed and the final message are the same text. */
import type { CourierEvent } from "#protocols/dispatch-courier";
import { decideCommand, type ExecutionEvent, type Outcome, type SavedArtifact, withAdvice } from "../../core/index.ts";
import { clipBytes, splitBytes } from "../../support/clip.ts";
import { TurnError } from "./wire-error.ts";

/** Name under which remote tools are shown where the host wants a command. */
const COMMAND = "seren-cloud";
/** JSON escapes can make one byte six; a line may have 1 MiB. */
const MAX_DELTA_BYTES = 128 * 1024;
const MAX_TOOL_BYTES = 64 * 1024;
const MAX_ENCODED_MESSAGE_BYTES = 448 * 1024;
const MAX_SHOWN_PARTIAL_BYTES = 4 * 1024;
/** The service's own words for a bad end may be of any length; a reply that is too long would lose its code. */
const MAX_REASON_BYTES = 16 * 1024;

export function* toCourierEvents(event: ExecutionEvent): Generator<CourierEvent, void, void> {
  switch (event.type) {
    case "text":
      yield* deltas(event.text);
      return;
    case "tool_call":
      yield {
        kind: "tool_call_started",
        invocation: { name: event.name, input: clipBytes(event.arguments, MAX_TOOL_BYTES) },
        command: COMMAND,
        args: [],
      };
      return;
    case "tool_result": {
      const content = clipBytes(event.content, MAX_TOOL_BYTES);
      yield {
        kind: "tool_call_finished",
        result: {
          tool: event.name,
          command: COMMAND,
          args: [],
          exit_code: event.isError ? 1 : 0,
          stdout: event.isError ? "" : content,
          stderr: event.isError ? content : "",
        },
      };
      return;
    }
    default:
      return; // the protocol has no progress, usage or approval event; an unknown one would kill the turn
  }
}

export function* deltas(text: string): Generator<CourierEvent, void, void> {
  for (const piece of splitBytes(text, MAX_DELTA_BYTES)) yield { kind: "text_delta", content: piece };
}

export function assistantMessage(text: string): CourierEvent {
  return { kind: "message", role: "assistant", content: fitMessage(text) };
}

/** Text short enough for one line, whatever its characters cost in JSON; the deltas carry it whole. */
export function fitMessage(text: string): string {
  let fitted = text;
  while (Buffer.byteLength(JSON.stringify(fitted)) > MAX_ENCODED_MESSAGE_BYTES) {
    fitted = clipBytes(
      fitted,
      Math.floor(Buffer.byteLength(fitted) / 2),
      "\n… (shortened; the streamed text is complete)",
    );
  }
  return fitted;
}

/** An artifact of the run, and where it was put when the parcel mounts a folder for them. */
export type ToldArtifact = SavedArtifact | { artifact: SavedArtifact["artifact"] };

/** What follows the answer itself: the run's artifacts, or what a person has to decide. Empty when there is nothing. */
export function closingWords(outcome: Outcome, artifacts: readonly ToldArtifact[]): string {
  const parts: string[] = [];
  if (artifacts.length > 0) parts.push(["Artifacts:", ...artifacts.map(artifactLine)].join("\n"));
  if (outcome.kind === "awaiting_approval") parts.push(approvalWords(outcome));
  if (parts.length === 0) return outcome.text === "" ? "(the run completed without an answer)" : "";
  return apart(outcome.text) + parts.join("\n\n");
}

/**
 * What follows the text of a run that was left waiting and cannot be waited for any longer: it ended badly, or
 * (undefined) the service does not know it any more. The turn goes on without it.
 */
export function lostWords(outcome: Outcome | undefined): string {
  if (!outcome) return "(The run that waited for an approval is not known to Seren Cloud any more.)";
  return `${apart(outcome.text)}(The run that waited for an approval ended: ${outcome.error ? withAdvice(outcome.error) : outcome.kind})`;
}

/** What sets a remark of ours apart from the text before it. */
function apart(text: string): string {
  if (text === "") return "";
  return text.endsWith("\n") ? "\n" : "\n\n";
}

function artifactLine(told: ToldArtifact): string {
  const { title, id, kind, uri } = told.artifact;
  const where = "path" in told ? told.path : uri;
  const problem = "problem" in told ? ` (not saved: ${told.problem})` : "";
  return `- ${title ?? id} (${kind})${where ? ` — ${where}` : ""}${problem}`;
}

function approvalWords({ approvals, run }: Outcome): string {
  const asked = approvals.map(({ tool, reason }) => `- ${tool}${reason ? `: ${reason}` : ""}`);
  return [
    "The run waits for an approval:",
    ...(asked.length > 0 ? asked : ["- (Seren Cloud does not say for what)"]),
    "",
    `Decide it with: ${decideCommand(run?.runId ?? "")} (or reject), then send the next message.`,
  ].join("\n");
}

/** A run that ended badly, as the error its turn ends with. The answer so far is shown as context. */
export function toTurnError(outcome: Outcome): TurnError {
  const code = outcome.kind === "failed" ? "run_failed" : (ENDING_CODES[outcome.kind] ?? "run_failed");
  const parts = [
    clipBytes(outcome.error ? withAdvice(outcome.error) : `the run ended: ${outcome.kind}`, MAX_REASON_BYTES),
  ];
  if (outcome.error?.code) parts.push(`(${clipBytes(outcome.error.code, MAX_REASON_BYTES)})`);
  if (outcome.run) parts.push(`[run ${outcome.run.runId}]`);
  const partial = clipBytes(outcome.text, MAX_SHOWN_PARTIAL_BYTES);
  return new TurnError(code, parts.join(" ") + (partial ? `; it had said: ${partial}` : ""));
}

const ENDING_CODES: Readonly<Partial<Record<Outcome["kind"], string>>> = {
  blocked: "run_blocked",
  timed_out: "run_timeout",
  cancelled: "run_cancelled",
};
