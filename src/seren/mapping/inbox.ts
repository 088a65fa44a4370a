/** The approval inbox as our own types (`docs/reference/seren-cloud-api.md`, sections 3.7 and 12.4). */
import { itemSources, memberSource } from "../../support/json-source.ts";
import { isObject } from "../../support/objects.ts";
import { type InboxEntry, type InboxPage, UNKNOWN_STATUS } from "../model.ts";
import { type ExactReader, exactIn, readEachAt, statusIn } from "./answers.ts";
import { idIn, listIn, membersIn, nameIn, textIn, timeIn } from "./members.ts";

/** Longest cursor that is sent back. */
const MAX_CURSOR_CHARACTERS = 4_096;

type Members = Readonly<Record<string, unknown>>;

export const readInboxPage: ExactReader<InboxPage> = (value, source) => {
  const page = membersIn(value);
  const entries = listIn(page.entries);
  if (!entries) return undefined;
  const sources = itemSources(memberSource(source(), "entries"));
  const cursor = textIn(page.next_cursor);
  const nextCursor = cursor && cursor.length <= MAX_CURSOR_CHARACTERS ? cursor : undefined;
  return { ...readEachAt((entry, index) => readEntry(entry, sources[index]), entries), nextCursor };
};

/** The state of an entry after a decision. */
export function readInboxState(value: unknown): string {
  return statusIn(membersIn(value).decision_state);
}

/** Without an id nothing can be decided. What is asked for is read whole, whatever its type. */
function readEntry(value: unknown, source: string | undefined): InboxEntry | undefined {
  const entry = membersIn(value);
  const entryId = idIn(entry.entry_id);
  if (entryId === undefined || !isObject(value)) return undefined;
  const kind = nameIn(textIn(entry.kind)) ?? UNKNOWN_STATUS;
  const { subject, details } = contentOf(kind, entry, source);
  const written = details === undefined ? source : memberSource(source, details);
  return {
    entryId,
    kind,
    state: statusIn(entry.decision_state),
    runId: idIn(entry.run_id),
    deploymentId: idIn(entry.deployment_id),
    expiresAt: timeIn(entry.expires_at),
    toolCallId: idIn(entry.tool_call_id),
    subject,
    reason: exactIn(entry, "reason", source) || undefined,
    detailsText: written === "null" ? undefined : written,
    lease: isObject(entry.lease) ? entry.lease : undefined,
  };
}

/** Returns what is asked for on one line, and the member with its details: of a kind that is not known, the whole entry. */
function contentOf(kind: string, entry: Members, source: string | undefined): { subject: string; details?: string } {
  const member = (name: string) => exactIn(entry, name, source);
  const tool = member("tool_ref");
  if (kind === "tool_call" && tool) return { subject: tool, details: "request_payload_summary" };
  const target = member("host");
  if (kind === "blocked_egress" && target) {
    const address = `${target}:${member("port") ?? "?"}${member("path") ?? ""}`;
    return { subject: `network request: ${member("method") || "any method"} ${address}`, details: "details" };
  }
  const other = member("subkind");
  if (kind === "other" && other) return { subject: other, details: "payload" };
  return { subject: kind };
}
