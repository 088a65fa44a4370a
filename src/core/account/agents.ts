/** The deployments of an organization as agents that a request can name. */
import { createHash } from "node:crypto";
import { onOneLine } from "../../support/unseen.ts";
import type { DeploymentRow } from "./organization.ts";

export interface NamedAgent {
  /** Lower-case letters, digits and single `-`. Begins with `seren-`, so that it does not collide with other agents. */
  name: string;
  description: string;
  deploymentId: string;
}

/** More would crowd the list a model reads. The newest are listed first. */
const MAX_AGENTS = 40;
const MAX_NAME_LENGTH = 60;
/** Deployments of the general agent (`deployment/general-agent.ts`) are not listed. */
const OWN_PREFIX = "seren-bridge-agent-";

export function agentsOf(deployments: readonly DeploymentRow[]): NamedAgent[] {
  const agents = new Map<string, NamedAgent>();
  for (const { id, name, status, mode, model } of deployments) {
    if (agents.size >= MAX_AGENTS) break;
    if (status === "failed" || mode === "cron" || name.startsWith(OWN_PREFIX)) continue;
    const plain = `seren-${slug(name) || "agent"}`;
    // Names are free text and may repeat; a hash of the id tells the second one apart.
    const unique = agents.has(plain) ? `${plain}-${createHash("sha256").update(id).digest("hex").slice(0, 6)}` : plain;
    const runsOn = model ? `, model ${onOneLine(model)}` : "";
    agents.set(unique, {
      name: unique,
      description: `The deployment "${onOneLine(name)}" of your organization on Seren Cloud (${mode}${runsOn}). Does not see the local workspace.`,
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
