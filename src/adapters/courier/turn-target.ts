/** What a turn of a parcel runs on. The order is the core's (`core/deployment/choose-deployment.ts`). */
import { chooseDeployment, chooseNamedDeployment, type DeploymentTarget, type Target } from "../../core/index.ts";
import {
  boundDeployment,
  hideSecrets,
  namedWorkload,
  type OpenedParcel,
  type SecretSource,
} from "../../parcel/index.ts";
import type { Log } from "../../support/log.ts";
import type { Redactor } from "../../support/redact.ts";
import type { ReadSecret } from "../../support/secret.ts";
import type { CourierState } from "./session.ts";

export interface TargetSettings {
  /** `SEREN_BRIDGE_DEPLOYMENT`. */
  deployment: string | undefined;
  secret: SecretSource;
  /** A variable of the environment, whether its value may leave or not: for redaction. */
  variable: (name: string) => string | undefined;
  log: Log;
  apiKey: ReadSecret;
  redactor: Redactor;
}

/** Rejects with `invalid_input` for a missing secret and `unauthorized` without a key, both before anything is sent. */
export async function turnTarget(opened: OpenedParcel, state: CourierState, settings: TargetSettings): Promise<Target> {
  hideSecrets(opened.parcel, settings.variable, settings.redactor);
  const named = namedDeployment(opened, settings);
  if (named) return named;
  const workload = await namedWorkload(opened, {
    ...settings,
    onSecrets: (notes) => settings.log("warn", "the secrets of this parcel", { secrets: notes.join("; ") }),
  });
  return chooseDeployment({ configured: undefined, remembered: state.deployment, workload: () => workload });
}

/** Returns the deployment that the parcel or the setting names, if one does. */
export function namedDeployment(opened: OpenedParcel, settings: TargetSettings): DeploymentTarget | undefined {
  return chooseNamedDeployment(namedCandidates(opened, settings));
}

function namedCandidates({ parcel }: OpenedParcel, { deployment }: TargetSettings) {
  return { bound: () => boundDeployment(parcel), configured: deployment };
}
