/** The agent for prompts that name none: a workload of ours, made once per account and then used again by its name. */
import { createHash } from "node:crypto";
import type { WorkloadTarget } from "./choose-deployment.ts";

const SLUG = "seren-bridge-agent";
const INSTRUCTION =
  "You carry out one self-contained task for somebody who reads only your final answer. " +
  "Work on your own, do not ask back, and end with what you found or did, how you know, and what is left open.\n";

/** The name carries a hash, so that a changed instruction gets a deployment of its own. */
export function generalAgentTarget(): WorkloadTarget {
  // The text that is hashed is part of the name of deployments that exist: changing its form makes another one of each.
  const content = JSON.stringify(INSTRUCTION);
  const workload = `{"execution":{"type":"llm","bundle":{"instructions":[{"kind":"skill","path":"SKILL.md","content":${content}}]}}}`;
  const hash = createHash("sha256")
    .update(`{"mode":"job","skill_slug":"${SLUG}","workload":${workload}}`)
    .digest("hex")
    .slice(0, 8);
  const name = `${SLUG}-${hash}`;
  return { kind: "workload", name, create: () => ({ name, slug: SLUG, instruction: INSTRUCTION }) };
}
