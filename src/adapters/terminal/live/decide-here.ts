/** Deciding about a run that is being watched, without leaving the view. */
import type { RunRef } from "../../../core/index.ts";
import { asFailure } from "../../../support/failure.ts";
import { approvalLines } from "../approval-text.ts";
import { select } from "../ask.ts";
import type { Context } from "../services.ts";
import { oneLine } from "../text.ts";
import type { LiveView } from "./live-view.ts";

/**
 * Asks while the run waits. `onDecision` gets the run that goes on, which may be a new one, once the decision is made. The answered function takes the question back: somebody else has decided, or the run has
 * ended. Dismissing the question decides nothing; the run goes on waiting.
 */
export function decideHere(
  { services, screen }: Context,
  run: RunRef,
  view: LiveView,
  onDecision: (next: Promise<RunRef>) => void,
): () => void {
  const controller = new AbortController();
  let over = false;
  let asking = false;
  const ask = async () => {
    const { approvals } = await services.remote();
    const checkpoint = await approvals.checkpoint(run.runId);
    if (over) return;
    view.stop();
    view.line(
      screen.colors.yellow("The run waits for your approval:"),
      ...checkpoint.requests.flatMap((request) => ["", ...approvalLines(request)]),
      "",
    );
    asking = true;
    const verdict = await select(
      screen,
      checkpoint.requests.length === 1 ? "Allow this?" : `Allow these ${checkpoint.requests.length} requests?`,
      [
        { value: "later", label: "Not now: go on waiting" },
        { value: "approve", label: "Approve" },
        { value: "reject", label: "Reject" },
      ],
      controller.signal,
    );
    asking = false;
    view.start();
    if (verdict === "approve" || verdict === "reject") {
      const next = approvals.decide(checkpoint, () => verdict);
      onDecision(next);
      await next;
    }
  };
  ask().catch((error: unknown) => {
    view.start();
    if (!over) view.line(`the decision did not get through: ${oneLine(asFailure(error).message)}`);
  });
  return () => {
    over = true;
    if (asking) controller.abort(); // an answered question would draw itself once more
  };
}
