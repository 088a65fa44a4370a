/** Asks for a decision about the run that is being followed, within the live view. */
import { type Checkpoint, EntryChanged, RequestsChanged, type RunRef } from "../../../core/index.ts";
import { asFailure } from "../../../support/failure.ts";
import { caveatOf, shownRequests, withOffers } from "../approvals/shown-requests.ts";
import { select } from "../screen/ask.ts";
import { oneLine } from "../screen/text.ts";
import type { Context } from "../services.ts";
import type { LiveView } from "./live-view.ts";

export interface AskForDecisionOptions {
  run: RunRef;
  /** Pauses while the question is on the screen. */
  view: LiveView;
  /** Receives the run that continues after the decision, which may be a new one. */
  onDecision: (next: Promise<RunRef>) => void;
}

/**
 * Shows the requests of a waiting run and asks. Dismissing the question decides nothing: the run keeps waiting. Returns a
 * function that withdraws the question, for a run that has ended or was decided elsewhere.
 */
export function askForDecision(
  { services, screen }: Context,
  { run, view, onDecision }: AskForDecisionOptions,
): () => void {
  const controller = new AbortController();
  let over = false;
  let asking = false;
  const ask = async (checkpoint: Checkpoint): Promise<void> => {
    const { approvals } = await services.remote();
    const offers = await approvals.offers(checkpoint).catch(() => []);
    if (over) return;
    const requests = withOffers(checkpoint.requests, offers);
    view.stop();
    const shown = shownRequests(screen, requests);
    const caveat = caveatOf(shown);
    view.exactly(screen.colors.yellow("The run waits for your approval:"), "", ...shown.lines, "");
    asking = true;
    const decision = await select<"later" | "approve" | "always" | "reject">(
      screen,
      requests.length === 1 ? `Allow this${caveat}?` : `Allow these ${requests.length} requests${caveat}?`,
      [
        { value: "later", label: "Not now: keep waiting" },
        { value: "approve", label: "Approve" },
        ...(offers.length > 0 ? [{ value: "always" as const, label: "Approve, and grant the lease" }] : []),
        { value: "reject", label: "Reject" },
      ],
      controller.signal,
    );
    asking = false;
    view.start();
    if (decision === undefined || decision === "later") return;
    const always = decision === "always" ? offers : [];
    const next = approvals.decide(checkpoint, () => (decision === "reject" ? "reject" : "approve"), { always });
    onDecision(next);
    try {
      await next;
    } catch (error) {
      if (over || !(error instanceof RequestsChanged || error instanceof EntryChanged)) throw error;
      view.line(`seren-bridge: ${error.message}`);
      await ask(error instanceof RequestsChanged ? error.now : await approvals.checkpoint(run.runId));
    }
  };
  const begin = async () => {
    const { approvals } = await services.remote();
    const checkpoint = await approvals.checkpoint(run.runId);
    if (!over) await ask(checkpoint);
  };
  begin().catch((error: unknown) => {
    view.start();
    if (!over) view.line(`the decision failed: ${oneLine(asFailure(error).message)}`);
  });
  return () => {
    over = true;
    if (asking) controller.abort(); // aborting an answered question would draw it again
  };
}
