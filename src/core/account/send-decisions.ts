/**
 * Sends the decisions about one checkpoint. There are two ways, and a service may know only one of them: creating a run with
 * the decisions, which is documented, and resuming the waiting run itself (`docs/reference/seren-cloud-api.md`, sections 3.7
 * and 12.2). The second is taken only after the service has refused the first, and while the run still waits at the same
 * point: decisions that may have been taken are never sent again.
 */
import { isRefusal, type SerenClient } from "../../seren/index.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { RunRef } from "../events.ts";

export type ApprovalDecision = "approve" | "reject";

export interface Decisions {
  run: RunRef;
  checkpointId: string;
  decisions: { id: string; decision: ApprovalDecision }[];
}

/** How a service refuses a way that it does not know. */
const OTHER_WAY: ReadonlySet<number | undefined> = new Set([400, 404, 405, 409, 422]);

type Way = () => Promise<string | undefined>;

/**
 * Resolves with the run that goes on, which may be a new one. `waits` tells whether the run still waits at the checkpoint,
 * for the same requests; `patiently`, it looks several times, because a list may lag behind a decision that was taken. Rejects with `conflict` when
 * it was decided elsewhere, and with `unknown_outcome` when that cannot be told.
 */
export async function sendDecisions(
  client: SerenClient,
  { run, checkpointId, decisions }: Decisions,
  waits: (options: { patiently: boolean }) => Promise<boolean>,
): Promise<RunRef> {
  const resume = { checkpointId, decisions };
  const ways: Way[] = [];
  // Without a known deployment there is nothing to create a run of.
  if (run.deploymentId !== "") {
    ways.push(async () => (await client.createRun(run.deploymentId, { resume })).invocation.runId);
  }
  ways.push(() => client.approvals.resumeInPlace(run.runId, resume));
  const refusals: ExecutionFailure[] = [];
  for (const send of ways) {
    try {
      return { ...run, runId: (await send()) ?? run.runId };
    } catch (error) {
      const failure = asFailure(error);
      const { status = 0, neverSent } = failure.details;
      if (status >= 200 && status < 300) return run; // taken; only the answer cannot be read
      if (neverSent) throw failure;
      if (!isRefusal(failure)) throw await unconfirmed(failure, waits);
      if (!OTHER_WAY.has(status) || failure.details.byStranger) throw failure;
      refusals.push(failure);
      if (!(await waits({ patiently: status === 409 }))) throw decidedElsewhere(failure);
    }
  }
  const [first, ...others] = refusals.map(({ message }) => message);
  const also = others.filter((message) => message !== first).map((message) => `; resuming the run itself: ${message}`);
  throw new ExecutionFailure(
    "unsupported",
    `Seren Cloud takes no decision about this run from here (${first}${also.join("")}); the run keeps waiting, so decide it on Seren's own page`,
    { cause: refusals[0] },
  );
}

/** The call is not repeated: it may have taken effect. */
async function unconfirmed(
  failure: ExecutionFailure,
  waits: (options: { patiently: boolean }) => Promise<boolean>,
): Promise<ExecutionFailure> {
  const still = await waits({ patiently: true }).catch(() => undefined);
  if (still === false) return decidedElsewhere(failure);
  const seen = still ? "the run still shows as waiting" : "the run cannot be seen at the moment";
  return new ExecutionFailure(
    "unknown_outcome",
    `Seren Cloud did not confirm the decision (${failure.message}), and ${seen}. It may have been taken, so it is not sent again; look at the run before you decide once more`,
    { cause: failure, details: { hint: "show_run" } },
  );
}

function decidedElsewhere(cause: ExecutionFailure): ExecutionFailure {
  return new ExecutionFailure(
    "conflict",
    "the run no longer waits here, and Seren Cloud did not confirm this decision: it may have been decided elsewhere, or the answer was lost",
    { cause },
  );
}
