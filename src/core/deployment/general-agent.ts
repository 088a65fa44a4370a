/** The agent for prompts that name none: a workload of ours, made once per account and then used again by its name. */
import { createHash } from "node:crypto";
import type { CreateDeployment } from "../../seren/index.ts";
import type { WorkloadTarget } from "./choose-deployment.ts";

const INSTRUCTION =
  "You carry out one self-contained task for somebody who reads only your final answer. " +
  "Work on your own, do not ask back, and end with what you found or did, how you know, and what is left open.\n";

const WORKLOAD: Omit<CreateDeployment, "name"> = {
  mode: "job",
  skill_slug: "seren-bridge-agent",
  workload: {
    execution: { type: "llm", bundle: { instructions: [{ kind: "skill", path: "SKILL.md", content: INSTRUCTION }] } },
  },
};

/** The name carries a hash of the workload, so that a changed instruction gets a deployment of its own. */
export function generalAgentTarget(): WorkloadTarget {
  const hash = createHash("sha256").update(JSON.stringify(WORKLOAD)).digest("hex").slice(0, 8);
  const name = `${WORKLOAD.skill_slug}-${hash}`;
  return { kind: "workload", name, create: () => ({ ...WORKLOAD, name }) };
}
