/** An entry of the inbox as a person sees it. */
import type { InboxEntry } from "../../seren/index.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { jsonText, parseJson, writable } from "../../support/objects.ts";
import type { ApprovalRequest } from "./checkpoint.ts";

/** Thrown in place of a decision when an entry asks for something else than was shown. `now` has to be shown anew. */
export class EntryChanged extends ExecutionFailure {
  readonly now: InboxEntry;

  constructor(now: InboxEntry) {
    super("conflict", "what is asked for has changed since it was shown; nothing was decided, so look at it again");
    this.now = now;
  }
}

/** An entry in the form in which requests are shown. */
export function requestOfEntry({ entryId, subject, reason, detailsText, lease }: InboxEntry): ApprovalRequest {
  return {
    id: entryId,
    tool: subject,
    args: detailsText === undefined ? {} : writable(parseJson(detailsText)),
    argsText: detailsText,
    ...(reason ? { reason } : {}),
    ...(lease ? { lease: jsonText(lease) } : {}),
  };
}
