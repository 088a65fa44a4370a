/** A transcript without the secrets that its agent repeats. */
import { redactMember } from "../../support/protocol-words.ts";
import type { Redactor } from "../../support/redact.ts";
import { addEntry, type RunTranscript, type TranscriptEntry } from "../account/transcript-entries.ts";
import type { Artifact } from "../events.ts";
import { RedactedEvents, redactedApproval, redactedArtifact, redactedOutcome } from "./redacted-run.ts";

/** Where it is kept nothing follows that would look for secrets once more, so addresses have none either. */
export function redactedTranscript(transcript: RunTranscript, redactor: Redactor): RunTranscript {
  const clean = (text: string) => redactor.redact(text);
  const { outcome, detail, input } = transcript;
  const artifacts = transcript.artifacts.map((artifact) => keptArtifact(artifact, redactor));
  return {
    ...transcript,
    run: { ...transcript.run, ...(transcript.run.url === undefined ? {} : { url: clean(transcript.run.url) }) },
    entries: redactedEntries(transcript.entries, redactor),
    approvals: transcript.approvals.map((approval) => redactedApproval(approval, clean)),
    artifacts,
    ...(detail === undefined ? {} : { detail: clean(detail) }),
    ...(input === undefined ? {} : { input: redactedJson(input, redactor) }),
    ...(outcome === undefined ? {} : { outcome: { ...redactedOutcome(outcome, redactor), artifacts } }),
  };
}

function redactedEntries(entries: readonly TranscriptEntry[], redactor: Redactor): TranscriptEntry[] {
  const clean = new RedactedEvents(redactor);
  const kept: TranscriptEntry[] = [];
  for (const { event, ...more } of entries) {
    const events =
      event.type === "decision" ? [{ ...event, decision: redactor.redact(event.decision) }] : clean.next(event);
    for (const one of events) addEntry(kept, one.type === event.type ? { event: one, ...more } : { event: one });
  }
  for (const event of clean.end()) addEntry(kept, { event });
  return kept.map((entry) =>
    entry.event.type === "artifact"
      ? { ...entry, event: { ...entry.event, artifact: keptArtifact(entry.event.artifact, redactor) } }
      : entry,
  );
}

function keptArtifact(artifact: Artifact, redactor: Redactor): Artifact {
  const { uri, payload } = artifact;
  return {
    ...redactedArtifact(artifact, (text) => redactor.redact(text)),
    ...(uri === undefined ? {} : { uri: redactor.redact(uri) }),
    ...(payload === undefined ? {} : { payload: redactedJson(payload, redactor) }),
  };
}

/** JSON of which every text was searched. What is nested too deeply to be written is left out. */
function redactedJson<T>(value: T, redactor: Redactor): T | undefined {
  try {
    return JSON.parse(
      JSON.stringify(value, (name, member) =>
        typeof member === "string" ? redactMember(name, member, redactor) : member,
      ),
    );
  } catch {
    return undefined;
  }
}
