/** Reads all that is known of a run. */
import {
  AWAITING_APPROVAL,
  decodeRunEvent,
  endingOf,
  type Run,
  type SerenClient,
  sequenceOf,
} from "../../seren/index.ts";
import { jsonText } from "../../support/objects.ts";
import type { Approval } from "../events.ts";
import { approvalsOf, endedOutcome, mergeArtifacts, runRefOf, usageOf } from "../run/outcome.ts";
import { MAX_TEXT_CHARACTERS } from "../run/text-buffer.ts";
import { recordedText, Transcript } from "../run/transcript.ts";
import { inputOf, isWhole } from "./earlier-run.ts";
import { look } from "./look.ts";
import { displayStateOf } from "./organization.ts";
import { addEntry, type RunTranscript, type TranscriptEntry } from "./transcript-entries.ts";

/** Rows of a log that are read: as many as a record may have. */
const MAX_ROWS = 250_000;
/** And characters, counted as JSON: as many as an answer of the service may have. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
const ATTEMPTS = 4;

/** Rejects with `not_found` for an unknown id. */
export function readTranscript(client: SerenClient, runId: string): Promise<RunTranscript> {
  return look(client, async (signal) => {
    const record = await client.getRun(runId, { signal });
    const [log, listed, approvals] = await Promise.all([
      rowsOf(client, record, signal),
      client.listRunArtifacts(runId, { signal, attempts: ATTEMPTS }).catch(() => undefined),
      waitingFor(client, record, signal),
    ]);
    const transcript = new Transcript();
    const entries = entriesOf(log.rows, transcript);
    const isSilent = !entries.some(({ event }) => event.type === "text");
    const text = isSilent ? (recordedText(record) ?? "") : transcript.text;
    if (isSilent && text !== "") entries.push({ event: { type: "text", text } });
    const { artifacts } = mergeArtifacts(transcript.artifacts, listed ?? { rows: [] });
    const ending = endingOf(record.status);
    const outcome =
      ending && endedOutcome({ record, ending, transcript, text: text.slice(0, MAX_TEXT_CHARACTERS), artifacts });
    if (outcome && !log.isWhole) outcome.cut = "log";
    const endedAt = ending && (record.completedAt ?? record.updatedAt);
    const input = inputOf(record);
    const usage = usageOf(record);
    return {
      run: runRefOf(record),
      state: displayStateOf(record.status),
      ...(record.statusMessage ? { detail: record.statusMessage } : {}),
      ...(input ? { input } : {}),
      ...(record.createdAt === undefined ? {} : { createdAt: record.createdAt }),
      ...(record.startedAt === undefined ? {} : { startedAt: record.startedAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      readAt: client.ambient.now(),
      entries,
      approvals,
      artifacts,
      ...(usage ? { usage } : {}),
      ...(outcome ? { outcome } : {}),
      isWhole: log.isWhole,
    };
  });
}

/** The longer of record and log: each may lag behind, and a large record has no events. */
async function rowsOf(client: SerenClient, record: Run, signal: AbortSignal) {
  const recorded = record.eventRows ?? [];
  if (isWhole(record)) return { rows: recorded, isWhole: true };
  const log = await readLog(client, record.id, signal);
  return log.rows.length >= recorded.length ? log : { rows: recorded, isWhole: false };
}

/** A log that ends early, or that goes on without anything new, is not whole. */
async function readLog(client: SerenClient, runId: string, signal: AbortSignal) {
  const rows: unknown[] = [];
  let offset = 0;
  let characters = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (;;) {
    const page = await client.listRunEvents(runId, offset, { signal, attempts: ATTEMPTS }).catch(() => undefined);
    const before = rows.length;
    offset += page?.events.length ?? 0;
    for (const row of page?.events ?? []) {
      const number = sequenceOf(row);
      if (number !== undefined && number <= highest) continue;
      highest = number ?? highest;
      characters += jsonText(row).length;
      if (rows.length >= MAX_ROWS || characters > MAX_CHARACTERS) return { rows, isWhole: false };
      rows.push(row);
    }
    if (!page?.hasMore || rows.length === before) return { rows, isWhole: page?.hasMore === false };
  }
}

async function waitingFor(client: SerenClient, { id, status }: Run, signal: AbortSignal): Promise<Approval[]> {
  if (status !== AWAITING_APPROVAL) return [];
  const pending = await client.approvals.ofRun(id, { signal, attempts: ATTEMPTS }).catch(() => undefined);
  return approvalsOf(pending?.approvals ?? []);
}

function entriesOf(rows: readonly unknown[], transcript: Transcript): TranscriptEntry[] {
  const entries: TranscriptEntry[] = [];
  const latencies = new Map<string, number>();
  for (const row of rows) {
    const said = decodeRunEvent(row);
    const about = said && "toolCallId" in said && said.toolCallId !== undefined ? { about: said.toolCallId } : {};
    const tookMs = said?.type === "thinking" && said.durationMs !== undefined ? { tookMs: said.durationMs } : {};
    if (said?.type === "tool_audit" && said.latencyMs !== undefined) latencies.set(said.id, said.latencyMs);
    for (const event of transcript.applyAll([row])) addEntry(entries, { event, ...tookMs });
    const aside = said && asideOf(said);
    if (aside) addEntry(entries, { event: aside, ...about });
  }
  for (const entry of entries) {
    const latency = entry.event.type === "tool_result" ? latencies.get(entry.event.id) : undefined;
    if (latency !== undefined) entry.tookMs = latency;
  }
  return entries;
}

/** What a followed run does not hand on: it has a state for it, or it is over. */
function asideOf(event: NonNullable<ReturnType<typeof decodeRunEvent>>): TranscriptEntry["event"] | undefined {
  switch (event.type) {
    case "approval_wait":
      return { type: "approval_wait", approvals: [], ...(event.reason === undefined ? {} : { reason: event.reason }) };
    case "approval_decision":
      return { type: "decision", decision: event.decision };
    case "handoff":
      return { type: "notice", level: "info", message: `handed over to ${event.toAgent}` };
    case "guardrail_pass":
      return { type: "notice", level: "info", message: `guardrail ${event.name}: passed` };
    case "compaction_finished":
      return { type: "notice", level: "info", message: "the agent's memory was compacted" };
    default:
      return undefined;
  }
}
