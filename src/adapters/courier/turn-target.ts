/** Which deployment a turn goes to: the parcel's label, the setting, the session, our own name, or a new one. */
import type { Target } from "../../core/index.ts";
import {
  boundDeploymentId,
  collectSecrets,
  deploymentName,
  type OpenedParcel,
  parcelWorkload,
  type SecretSource,
  workloadOptionsKey,
} from "../../parcel/index.ts";
import type { Redactor } from "../../support/redact.ts";
import type { Secret } from "../../support/secret.ts";
import type { CourierState } from "./session.ts";

export interface TargetSettings {
  /** `SEREN_BRIDGE_DEPLOYMENT`. */
  deployment: string | undefined;
  secret: SecretSource;
  apiKey: () => Secret;
  redactor: Redactor;
}

/** Throws `invalid_input` for a missing secret and `unauthorized` without a key, both before anything is sent. */
export function turnTarget(opened: OpenedParcel, state: CourierState, settings: TargetSettings): Target {
  const named = namedDeployment(opened, settings);
  if (named) return named;
  const { parcel, files } = opened;
  for (const [, value] of collectSecrets(parcel, settings.secret)) settings.redactor.add(value);
  const name = deploymentName(parcel, workloadOptionsKey(parcel, settings.secret, settings.apiKey()));
  return {
    kind: "workload",
    name,
    ...(state.deployment?.name === name ? { knownId: state.deployment.id } : {}),
    create: async () => (await parcelWorkload(parcel, files, { name, secret: settings.secret })).create,
  };
}

/** A deployment somebody chose; it is attached to, never created and never stopped. */
export function namedDeployment(
  { parcel }: OpenedParcel,
  { deployment }: Pick<TargetSettings, "deployment">,
): Extract<Target, { kind: "deployment" }> | undefined {
  const bound = boundDeploymentId(parcel);
  if (bound) return { kind: "deployment", deploymentId: bound, named: "the parcel's label dispatch.deployment.id" };
  if (deployment) return { kind: "deployment", deploymentId: deployment, named: "SEREN_BRIDGE_DEPLOYMENT" };
  return undefined;
}
