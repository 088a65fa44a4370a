/** An organization's deployments as agents one can name. */
import { createHash } from "node:crypto";
import type { DeploymentRow } from "./organization.ts";

export interface NamedAgent {
  /** Lower-case letters, digits and single `-`; begins with `seren-`, so that it cannot be taken for somebody else's. */
  name: string;
  description: string;
  deploymentId: string;
}

/** More would fill a model's view of its agents. The newest come first. */
const MAX_AGENTS = 40;
const MAX_NAME_LENGTH = 60;
/** Made by this program for prompts that name no agent. */
const OWN_PREFIX = "seren-bridge-agent-";

export function agentsOf(deployments: readonly DeploymentRow[]): NamedAgent[] {
  const agents = new Map<string, NamedAgent>();
  for (const { id, name, status, mode, model } of deployments) {
    if (agents.size >= MAX_AGENTS) break;
    if (status === "failed" || mode === "cron" || name.startsWith(OWN_PREFIX)) continue;
    const plain = `seren-${slug(name) || "agent"}`;
    // Names are free text and may repeat: the id makes the second one another agent.
    const unique = agents.has(plain) ? `${plain}-${createHash("sha256").update(id).digest("hex").slice(0, 6)}` : plain;
    const runsOn = model ? `, model ${model}` : "";
    agents.set(unique, {
      name: unique,
      description: `The deployment "${name}" of your organization on Seren Cloud (${mode}${runsOn}). Does not see the local workspace.`,
      deploymentId: id,
    });
  }
  return [...agents.values()];
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .join("-")
    .replace(/^seren-/, "")
    .slice(0, MAX_NAME_LENGTH);
}
