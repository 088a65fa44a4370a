/** Requests for approval on a screen: whole, and with a word where their beginning has left it. */
import { type ApprovalRequest, approvalLines, type InboxEntry } from "../../../core/index.ts";
import { jsonText } from "../../../support/objects.ts";
import { count } from "../screen/format.ts";
import type { Screen } from "../screen/screen.ts";

/** Rows that the question below the requests takes. */
const QUESTION_ROWS = 6;

/** Returns the lines of all requests, with an empty line between them. */
export function shownRequests({ stderr }: Screen, requests: readonly ApprovalRequest[]): string[] {
  const lines = requests.flatMap((request, index) => [
    ...(index === 0 ? [] : [""]),
    ...approvalLines(request).map((line) => `  ${line}`),
  ]);
  const rows = lines.reduce((sum, line) => sum + Math.ceil(Math.max(1, line.length) / stderr.columns), 0);
  if (!stderr.isTTY || rows <= (stderr.rows ?? rows) - QUESTION_ROWS) return lines;
  return [...lines, "", `  (${count(lines.length, "line")}; the beginning is further up)`];
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
