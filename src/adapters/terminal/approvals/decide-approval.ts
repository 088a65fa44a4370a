/** Decides about a waiting run: shows its requests in full and asks. No program decides by itself. */
import type { ApprovalDecision } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { confirm } from "../screen/ask.ts";
import { count } from "../screen/format.ts";
import { printError, printLine } from "../screen/screen.ts";
import type { Context } from "../services.ts";
import { approvalLines } from "./approval-text.ts";

export interface DecideOptions {
  runId: string;
  decision: ApprovalDecision;
  /** The decision was confirmed on the command line; do not ask. */
  yes: boolean;
}

/** Returns the exit code. Rejects with `cancelled` when the question is dismissed, `invalid_input` without a terminal. */
export async function decideApproval(
  { services, screen }: Context,
  { runId, decision, yes }: DecideOptions,
): Promise<ExitCode> {
  const { approvals } = await services.remote();
  const checkpoint = await approvals.checkpoint(runId);
  const { requests } = checkpoint;
  const what = decision === "approve" ? "Approve" : "Reject";
  printError(screen, `The run ${runId} asks for ${count(requests.length, "approval")}:`);
  for (const request of requests) printError(screen, "", ...approvalLines(request).map((line) => `  ${line}`));
  printError(screen, "");
  if (!yes) {
    if (!screen.interactive) {
      throw new ExecutionFailure(
        "invalid_input",
        "a person has to decide this, and there is no terminal to ask on; --yes says that one has",
      );
    }
    const sure = await confirm(screen, requests.length === 1 ? `${what} this?` : `${what} all ${requests.length}?`);
    if (!sure) {
      printLine(screen, "Nothing was decided; the run keeps waiting.");
      return EXIT.cancelled;
    }
  }
  const next = await approvals.decide(checkpoint, () => decision);
  printLine(
    screen,
    `${decision === "approve" ? "Approved" : "Rejected"}. Follow it with: seren-bridge runs follow ${next.runId}`,
  );
  return EXIT.ok;
}
