/**
 * A run without the secrets that its agent repeats. Events and outcome are cleaned before a front end sees them: it shortens
 * texts, and half a secret could not be recognised any more. Words of our vocabulary, ids and addresses stay as they are:
 * artifacts are fetched by them, and where they leave the process they are searched again.
 */
import type { Redactor } from "../../support/redact.ts";
import type { RunReport } from "../account/run-directory.ts";
import type { Approval, Artifact, ExecutionEvent, Outcome } from "../events.ts";

/** Cleans the events of one run. Pieces of the answer and of thoughts are cleaned wherever they were cut. */
export class RedactedEvents {
  readonly #redactor: Redactor;
  readonly #pieces: Readonly<Record<"thinking" | "text", ReturnType<Redactor["stream"]>>>;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
    this.#pieces = { thinking: redactor.stream(), text: redactor.stream() };
  }

  /** Yields what may be shown now. */
  *next(event: ExecutionEvent): Generator<ExecutionEvent, void, void> {
    if (event.type === "text" || event.type === "thinking") {
      if (event.type === "text") yield* piece("thinking", this.#pieces.thinking.pause());
      yield* piece(event.type, this.#pieces[event.type].push(event.text));
      return;
    }
    // A run that waits for a person may be silent for hours: no word may be torn apart meanwhile.
    for (const type of ["thinking", "text"] as const) yield* piece(type, this.#pieces[type].pause());
    yield redactedEvent(event, (text) => this.#redactor.redact(text));
  }

  /** Yields what was held back. */
  *end(): Generator<ExecutionEvent, void, void> {
    for (const type of ["thinking", "text"] as const) yield* piece(type, this.#pieces[type].end());
  }
}

/** An empty piece is not sent: all of it is held back. */
function* piece(type: "thinking" | "text", text: string): Generator<ExecutionEvent, void, void> {
  if (text !== "") yield { type, text };
}

type Clean = (text: string) => string;

function redactedEvent(event: Exclude<ExecutionEvent, { type: "text" | "thinking" }>, clean: Clean): ExecutionEvent {
  switch (event.type) {
    case "status":
      return event.detail === undefined ? event : { ...event, detail: clean(event.detail) };
    case "tool_call":
      return { ...event, name: clean(event.name), arguments: clean(event.arguments) };
    case "tool_result":
      return { ...event, name: clean(event.name), content: clean(event.content) };
    case "approval_wait":
      return {
        ...event,
        approvals: event.approvals.map((approval) => redactedApproval(approval, clean)),
        ...(event.reason === undefined ? {} : { reason: clean(event.reason) }),
      };
    case "artifact":
      return { ...event, artifact: redactedArtifact(event.artifact, clean) };
    case "notice":
      return { ...event, message: clean(event.message) };
    case "usage":
      return event;
  }
}

export function redactedOutcome(outcome: Outcome, redactor: Redactor): Outcome {
  const clean = (text: string) => redactor.redact(text);
  return {
    ...outcome,
    text: clean(outcome.text),
    artifacts: outcome.artifacts.map((artifact) => redactedArtifact(artifact, clean)),
    approvals: outcome.approvals.map((approval) => redactedApproval(approval, clean)),
    ...(outcome.error ? { error: { ...outcome.error, message: clean(outcome.error.message) } } : {}),
  };
}

/** The same for a look at a run of the account. */
export function redactedReport(report: RunReport, redactor: Redactor): RunReport {
  const clean = (text: string) => redactor.redact(text);
  return {
    ...report,
    text: clean(report.text),
    approvals: report.approvals.map((approval) => redactedApproval(approval, clean)),
    ...(report.detail === undefined ? {} : { detail: clean(report.detail) }),
    ...(report.outcome === undefined ? {} : { outcome: redactedOutcome(report.outcome, redactor) }),
  };
}

export function redactedApproval(approval: Approval, clean: Clean): Approval {
  return {
    ...approval,
    tool: clean(approval.tool),
    ...(approval.reason === undefined ? {} : { reason: clean(approval.reason) }),
  };
}

export function redactedArtifact(artifact: Artifact, clean: Clean): Artifact {
  return artifact.title === undefined ? artifact : { ...artifact, title: clean(artifact.title) };
}
