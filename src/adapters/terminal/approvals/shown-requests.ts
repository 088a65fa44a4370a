/** Requests for approval on a screen: exact, with a word where their beginning has left it, and where a part is left out. */
import { type ApprovalRequest, approvalLines, type InboxEntry } from "../../../core/index.ts";
import { clipCharacters } from "../../../support/clip.ts";
import { jsonText } from "../../../support/objects.ts";
import { count } from "../screen/format.ts";
import type { Screen } from "../screen/screen.ts";

/** Rows that the question below the requests takes. */
const QUESTION_ROWS = 6;

/** What a terminal still has when a person looks for the beginning. Nobody reads more of it there. */
const MAX_LINES = 1_000;
const MAX_CHARACTERS = 64 * 1024;

export interface ShownRequests {
  /** Of all requests, with an empty line between them. */
  lines: string[];
  /** Whether nothing was left out. What a person has not been shown is not approved without a word of it in the question. */
  isWhole: boolean;
}

/** What a question about the requests says before its question mark. */
export function caveatOf({ isWhole }: ShownRequests): string {
  return isWhole ? "" : ", though not all of it is shown";
}

export function shownRequests(
  { stderr }: { stderr: Pick<Screen["stderr"], "isTTY" | "columns" | "rows"> },
  requests: readonly ApprovalRequest[],
): ShownRequests {
  const all = requests.flatMap((request, index) => [
    ...(index === 0 ? [] : [""]),
    ...approvalLines(request).map((line) => `  ${line}`),
  ]);
  const lines = beginningOf(all);
  const left = charactersOf(all) - charactersOf(lines);
  if (left > 0) {
    const what = `${left} of ${charactersOf(all)} characters are NOT shown here`;
    return { lines: [...lines, "", `  (${what}; all of them: seren-bridge approvals list --json)`], isWhole: false };
  }
  const rows = lines.reduce((sum, line) => sum + Math.ceil(Math.max(1, line.length) / stderr.columns), 0);
  if (stderr.isTTY && rows > (stderr.rows ?? rows) - QUESTION_ROWS) {
    lines.push("", `  (${count(lines.length, "line")}; the beginning is further up)`);
  }
  return { lines, isWhole: true };
}

function beginningOf(all: readonly string[]): string[] {
  const lines: string[] = [];
  let room = MAX_CHARACTERS;
  for (const line of all) {
    if (lines.length >= MAX_LINES || room <= 0) break;
    const part = clipCharacters(line, room);
    lines.push(part);
    room -= line.length;
  }
  return lines;
}

function charactersOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length, 0);
}

/** Returns the requests with the lasting permissions that the inbox offers for them. */
export function withOffers(
  requests: readonly ApprovalRequest[],
  offers: readonly InboxEntry[],
): readonly ApprovalRequest[] {
  return requests.map((request) => {
    const lease = offers.find(({ toolCallId }) => toolCallId === request.id)?.lease;
    return lease ? { ...request, lease: jsonText(lease) } : request;
  });
}
