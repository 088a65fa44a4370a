import type { Cloud } from "./cloud.ts";

/** Decides what a run waits for, past the program under test: as a person does on another screen. */
export async function decide({ env }: Cloud, runId: string, decision: "approve" | "reject") {
  const headers = { authorization: `Bearer ${env.SEREN_API_KEY}`, "content-type": "application/json" };
  const run = `${env.SEREN_API_BASE}/publishers/seren-cloud/runs/${runId}`;
  const { data } = (await (await fetch(`${run}/pending_approvals`, { headers })).json()) as {
    data: { checkpoint_id: string; pending_approvals: { id: string }[] };
  };
  const body = JSON.stringify({
    resume_checkpoint_id: data.checkpoint_id,
    approval_decisions: data.pending_approvals.map(({ id }) => ({ id, decision })),
  });
  const { status } = await fetch(`${run}/resume`, { method: "POST", headers, body });
  if (status >= 300) throw new Error(`the decision was refused: ${status}`);
}
