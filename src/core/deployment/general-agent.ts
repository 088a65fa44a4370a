/** The agent for prompts that name none: a workload of ours, made once per account and then used again by its name. */
import { createHash } from "node:crypto";
import type { WorkloadTarget } from "./choose-deployment.ts";

const SLUG = "seren-bridge-agent";
const MAX_MODEL_CHARACTERS = 40;
const INSTRUCTION =
  "You carry out one self-contained task for somebody who reads only your final answer. " +
  "Work on your own, do not ask back, and end with what you found or did, how you know, and what is left open.\n";

/** The form of a model's id. */
export const MODEL_ID = /^[\w@][\w.:@/+-]{0,199}$/;

/** `model`: which model it runs on, e.g. `anthropic/claude-sonnet-4.6`. Default: the service's own default. */
export interface GeneralAgent {
  model?: string | undefined;
}

/** The name carries a hash, so that a changed instruction, and each model, gets a deployment of its own. */
export function generalAgentTarget({ model }: GeneralAgent = {}): WorkloadTarget {
  // The text that is hashed is part of the name of deployments that exist: changing its form makes another one of each.
  const content = JSON.stringify(INSTRUCTION);
  const modelId = model === undefined ? "" : `,"model_id":${JSON.stringify(model)}`;
  const workload = `{"execution":{"type":"llm"${modelId},"bundle":{"instructions":[{"kind":"skill","path":"SKILL.md","content":${content}}]}}}`;
  const hash = createHash("sha256")
    .update(`{"mode":"job","skill_slug":"${SLUG}","workload":${workload}}`)
    .digest("hex")
    .slice(0, 8);
  const name = [SLUG, ...(model === undefined ? [] : [wordsOf(model)]), hash].filter(Boolean).join("-");
  return { kind: "workload", name, create: () => ({ name, slug: SLUG, instruction: INSTRUCTION, model }) };
}

/** Whether a deployment of this name is a general agent of ours, of this version or another, on any model. */
export function isGeneralAgent(name: string): boolean {
  return /^seren-bridge-agent-(?:[a-z0-9]+-)*[0-9a-f]{8}$/.test(name);
}

/** What a person recognises of a model, as a part of a name. */
function wordsOf(model: string): string {
  const words = model.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join("-").slice(0, MAX_MODEL_CHARACTERS).replace(/-$/, "");
}
