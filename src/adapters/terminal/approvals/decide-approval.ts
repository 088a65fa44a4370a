/** Decides about a waiting run: shows its requests in full and asks. No program decides by itself. */
import { type ApprovalDecision, type Checkpoint, RequestsChanged } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { confirm } from "../screen/ask.ts";
import { count } from "../screen/format.ts";
import { printError, printLine } from "../screen/screen.ts";
import type { Context } from "../services.ts";
import { shownRequests } from "./shown-requests.ts";

export interface DecideOptions {
  runId: string;
  decision: ApprovalDecision;
  /** The decision was confirmed on the command line; do not ask. */
  yes: boolean;
}

/**
 * Returns the exit code. Requests that have changed since they were shown are shown anew; without a question they are
 * refused. Rejects with `cancelled` when the question is dismissed, `invalid_input` without a terminal.
 */
export async function decideApproval(context: Context, { runId, decision, yes }: DecideOptions): Promise<ExitCode> {
  const { services, screen } = context;
  const { approvals } = await services.remote();
  for (let checkpoint = await approvals.checkpoint(runId); ; ) {
    printError(screen, `The run ${runId} asks for ${count(checkpoint.requests.length, "approval")}:`);
    printError(screen, "", ...shownRequests(screen, checkpoint.requests), "");
    if (!yes && !(await isSure(context, decision, checkpoint))) {
      printLine(screen, "Nothing was decided; the run keeps waiting.");
      return EXIT.cancelled;
    }
    try {
      const next = await approvals.decide(checkpoint, () => decision);
      const done = decision === "approve" ? "Approved" : "Rejected";
      printLine(screen, `${done}. Follow it with: seren-bridge runs follow ${next.runId}`);
      return EXIT.ok;
    } catch (error) {
      if (yes || !(error instanceof RequestsChanged)) throw error;
      printError(screen, `seren-bridge: ${error.message}`);
      checkpoint = error.now;
    }
  }
}

async function isSure({ screen }: Context, decision: ApprovalDecision, { requests }: Checkpoint): Promise<boolean> {
  if (!screen.interactive) {
    throw new ExecutionFailure(
      "invalid_input",
      "a person has to decide this, and there is no terminal to ask on; --yes says that one has",
    );
  }
  const what = decision === "approve" ? "Approve" : "Reject";
  return confirm(screen, requests.length === 1 ? `${what} this?` : `${what} all ${requests.length}?`);
}
