/** Core events and outcomes as events of this protocol. The streamed text and the final message are the same text. */
import type { CourierEvent } from "#protocols/dispatch-courier";
import {
  cutWords,
  decideCommand,
  type ExecutionEvent,
  type Outcome,
  type SavedArtifact,
  visibleText,
  withAdvice,
} from "../../core/index.ts";
import { assertNever } from "../../support/assert-never.ts";
import { clipBytes, clipCharacters, splitBytes } from "../../support/clip.ts";

/** Shown for remote tools where the host expects the command of a local one. */
const COMMAND = "seren-cloud";
/** A line may have 1 MiB, and JSON escapes make one byte up to six. */
const MAX_DELTA_BYTES = 128 * 1024;
const MAX_TOOL_BYTES = 64 * 1024;
const MAX_ENCODED_MESSAGE_BYTES = 448 * 1024;

/** Of what waits, in a message that says that something does. Nothing is decided by it. */
const MAX_APPROVALS = 20;
const MAX_APPROVAL_CHARS = 500;

/** The protocol has no event for progress, usage or approvals, and an unknown one would end the turn. */
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
    case "status":
    case "thinking":
    case "approval_wait":
    case "artifact":
    case "usage":
    case "notice":
      return;
    default:
      assertNever(event);
  }
}

export function* deltas(text: string): Generator<CourierEvent, void, void> {
  for (const content of splitBytes(text, MAX_DELTA_BYTES)) yield { kind: "text_delta", content };
}

export function assistantMessage(text: string): CourierEvent {
  return { kind: "message", role: "assistant", content: fitMessage(text) };
}

/** Returns the text, shortened until it fits one line as JSON. The deltas have carried all of it. */
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

/** An artifact of the run. It was saved to a local file only when the parcel mounts a folder for artifacts. */
export type ListedArtifact = SavedArtifact | { artifact: SavedArtifact["artifact"] };

/** Returns what follows the answer: the run's artifacts, or what a person has to decide. Empty when there is nothing. */
export function closingText(outcome: Outcome, artifacts: readonly ListedArtifact[]): string {
  const parts: string[] = [];
  if (artifacts.length > 0) parts.push(["Artifacts:", ...artifacts.map(artifactLine)].join("\n"));
  if (outcome.kind === "awaiting_approval") parts.push(approvalText(outcome));
  if (outcome.cut) parts.unshift(`(${cutWords(outcome.cut)})`);
  if (parts.length === 0) return outcome.text === "" ? "(the run completed without an answer)" : "";
  return separatorAfter(outcome.text) + parts.join("\n\n");
}

/**
 * Returns what follows the text of a run that an earlier turn left waiting and that gives no answer: it ended badly, or
 * the service does not know it any more (undefined). The turn continues without it.
 */
export function lostRunText(outcome: Outcome | undefined): string {
  if (!outcome) return "(The run that waited for an approval is not known to Seren Cloud any more.)";
  const reason = outcome.error ? withAdvice(outcome.error) : outcome.kind;
  return `${separatorAfter(outcome.text)}(The run that waited for an approval ended: ${reason})`;
}

/** Returns the line breaks that make a paragraph of its own of what follows `text`. */
function separatorAfter(text: string): string {
  if (text === "") return "";
  return text.endsWith("\n") ? "\n" : "\n\n";
}

function artifactLine(listed: ListedArtifact): string {
  const { title, id, kind, uri } = listed.artifact;
  const where = "path" in listed ? listed.path : uri;
  const problem = "problem" in listed ? ` (not saved: ${listed.problem})` : "";
  return `- ${title ?? id} (${kind})${where ? ` — ${where}` : ""}${problem}`;
}

function approvalText({ approvals, run }: Outcome): string {
  const asked = approvals
    .slice(0, MAX_APPROVALS)
    .map(({ tool, reason }) =>
      clipCharacters(`- ${visibleText(tool)}${reason ? `: ${visibleText(reason)}` : ""}`, MAX_APPROVAL_CHARS, "…"),
    );
  if (approvals.length > MAX_APPROVALS) asked.push(`- and ${approvals.length - MAX_APPROVALS} more`);
  return [
    "The run waits for an approval:",
    ...(asked.length > 0 ? asked : ["- (Seren Cloud does not say for what)"]),
    "",
    `Decide it with: ${decideCommand(run?.runId ?? "")} (or reject), then send the next message.`,
  ].join("\n");
}
