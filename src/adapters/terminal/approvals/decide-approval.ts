/** Decides about what waits: shows the requests in full and asks. No program decides by itself. */
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type Checkpoint,
  EntryChanged,
  type InboxEntry,
  RequestsChanged,
  requestOfEntry,
} from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { confirm } from "../screen/ask.ts";
import { count } from "../screen/format.ts";
import { printError, printExactly, printLine } from "../screen/screen.ts";
import type { Context } from "../services.ts";
import { findWaiting } from "./find-waiting.ts";
import { caveatOf, shownRequests, withOffers } from "./shown-requests.ts";

export interface DecideOptions {
  decision: ApprovalDecision;
  /** The decision was confirmed on the command line; do not ask. */
  yes: boolean;
  /** Grants the lasting permission that the service offers, too. */
  always: boolean;
}

/**
 * `typed` is the id of a run or of an entry of the inbox. Returns the exit code. What has changed since it was shown is shown
 * anew; without a question it is refused. Rejects with `cancelled` when the question is dismissed, and with `invalid_input`
 * without a terminal, and for a lasting permission that is not offered.
 */
export async function decideApproval(context: Context, typed: string, options: DecideOptions): Promise<ExitCode> {
  const waiting = await findWaiting(context.services, typed);
  if (waiting.kind === "run") return decideRun(context, waiting.checkpoint, options);
  let code: ExitCode = EXIT.ok;
  for (const entry of waiting.entries) {
    const one = await decideEntry(context, entry, options);
    if (one !== EXIT.ok) code = one;
  }
  return code;
}

async function decideRun(context: Context, shown: Checkpoint, options: DecideOptions): Promise<ExitCode> {
  const { services, screen } = context;
  const { approvals } = await services.remote();
  const { decision, yes, always } = options;
  for (let checkpoint = shown; ; ) {
    // An inbox that cannot be read is a reason only where something of it is asked for.
    const offers = decision === "approve" ? await approvals.offers(checkpoint).catch(unless(always, [])) : [];
    const requests = withOffers(checkpoint.requests, offers);
    const { runId } = checkpoint.run;
    const isSure = await ask(
      context,
      `The run ${runId} asks for ${count(requests.length, "approval")}:`,
      requests,
      options,
    );
    if (!isSure) return undecided(context);
    try {
      const next = await approvals.decide(checkpoint, () => decision, { always: always ? offers : [] });
      const done = decision === "approve" ? "Approved" : "Rejected";
      printLine(screen, `${done}. Follow it with: seren-bridge runs follow ${next.runId}`);
      return EXIT.ok;
    } catch (error) {
      if (yes || !(error instanceof RequestsChanged || error instanceof EntryChanged)) throw error;
      printError(screen, `seren-bridge: ${error.message}`);
      checkpoint = error instanceof RequestsChanged ? error.now : await approvals.checkpoint(runId);
    }
  }
}

async function decideEntry(context: Context, shown: InboxEntry, options: DecideOptions): Promise<ExitCode> {
  const { services, screen } = context;
  const { approvals } = await services.remote();
  for (let entry = shown; ; ) {
    const whose = entry.runId ? `The run ${entry.runId} asks for this:` : "A deployment asks for this:";
    if (!(await ask(context, whose, [requestOfEntry(entry)], options))) return undecided(context);
    const { lease } = entry;
    try {
      if (options.decision === "reject") await approvals.inbox.decide(entry, { decision: "deny" });
      else if (options.always && lease) await approvals.inbox.decide(entry, { decision: "allow_always", lease });
      else await approvals.inbox.decide(entry, { decision: "approve" });
      printLine(screen, options.decision === "approve" ? "Approved." : "Rejected.");
      return EXIT.ok;
    } catch (error) {
      if (options.yes || !(error instanceof EntryChanged)) throw error;
      printError(screen, `seren-bridge: ${error.message}`);
      entry = error.now;
    }
  }
}

/** Shows what is asked for. Resolves with whether a person has decided. */
async function ask(
  { screen }: Context,
  title: string,
  requests: readonly ApprovalRequest[],
  { decision, yes, always }: DecideOptions,
): Promise<boolean> {
  const shown = shownRequests(screen, requests);
  printExactly(screen, title, "", ...shown.lines, "");
  const isOffered = decision === "approve" && requests.some(({ lease }) => lease !== undefined);
  if (always && !isOffered) {
    throw new ExecutionFailure(
      "invalid_input",
      "Seren Cloud offers no lasting permission for this; without --always it is approved once",
    );
  }
  if (isOffered && !always) printError(screen, "(--always would grant the lease as well: a permission that lasts)", "");
  if (yes) return true;
  if (!screen.interactive) {
    throw new ExecutionFailure(
      "invalid_input",
      "a person has to decide this, and there is no terminal to ask on; --yes says that one has",
    );
  }
  const what = decision === "reject" ? "Reject" : always ? "Approve, and grant the lease, for" : "Approve";
  return confirm(screen, `${what} ${requests.length === 1 ? "this" : `all ${requests.length}`}${caveatOf(shown)}?`);
}

function undecided({ screen }: Context): ExitCode {
  printLine(screen, "Nothing was decided; it keeps waiting.");
  return EXIT.cancelled;
}

/** Returns a handler that rejects when `fatal`, and otherwise resolves with `value`. */
function unless<T>(fatal: boolean, value: T): (error: unknown) => T {
  return (error) => {
    if (fatal) throw error;
    return value;
  };
}
