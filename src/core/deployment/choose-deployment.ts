/**
 * Which deployment a run goes to: one order for every front end. A deployment that a person named is used as it is, or
 * the request fails; it is never created, replaced or stopped. Otherwise the run goes to a workload of ours.
 *
 * 1. `requested`: named by this request (a command-line option, a task's `deployment_id`, an agent);
 * 2. `bound`: named by what is run (the label `dispatch.deployment.id` of a parcel);
 * 3. `configured`: `SEREN_BRIDGE_DEPLOYMENT`;
 * 4. `remembered`: where the last run of this session went, as long as the workload still has the same name;
 * 5. one that was made ahead of its first run from the same parcel (`dispatch up`),
 * 6. an existing deployment with the workload's name, or
 * 7. a new one, created from the workload (the last three: `resolve-deployment.ts`).
 */
import type { Target } from "../request.ts";

export type DeploymentTarget = Extract<Target, { kind: "deployment" }>;
export type WorkloadTarget = Extract<Target, { kind: "workload" }>;

/** A deployment and where its id was found, in words that continue "it comes from". */
export type NamedDeployment = Pick<DeploymentTarget, "deploymentId" | "named">;

/** Deployments that may have been named. A callback is called only when nothing before it named one. */
export interface NamedCandidates {
  requested?: NamedDeployment | undefined;
  /** May throw `invalid_input` for an id that cannot be one. */
  bound?: (() => NamedDeployment | undefined) | undefined;
  /** Value of `SEREN_BRIDGE_DEPLOYMENT`. */
  configured: string | undefined;
}

export interface DeploymentCandidates extends NamedCandidates {
  /** Deployment of an earlier run, with the name its workload had then: another name means other content or options. */
  remembered?: { id: string; name: string } | undefined;
  /** What runs where no deployment was named. May throw what the caller has to know before anything is sent. */
  workload: () => Omit<WorkloadTarget, "knownId">;
}

/** Returns the first deployment of the order above. Makes no request; throws what a callback throws. */
export function chooseDeployment(candidates: DeploymentCandidates): Target {
  const named = chooseNamedDeployment(candidates);
  if (named) return named;
  const workload = candidates.workload();
  const { remembered } = candidates;
  return remembered?.name === workload.name ? { ...workload, knownId: remembered.id } : workload;
}

/** Returns the deployment that was named, if one was. Needs neither the key nor the content of the workload. */
export function chooseNamedDeployment(candidates: NamedCandidates): DeploymentTarget | undefined {
  const { requested, bound, configured } = candidates;
  const named =
    requested ?? bound?.() ?? (configured ? { deploymentId: configured, named: "SEREN_BRIDGE_DEPLOYMENT" } : undefined);
  return named && { kind: "deployment", ...named };
}
