/** The result of `courier.inspect`: the parcel as the host lists it, and in `extensions` what is specific to this courier. */
import type { Inspection } from "#protocols/dispatch-courier";
import {
  deploymentName,
  listLocalTools,
  type OpenedParcel,
  secretNotes,
  workloadNotes,
  workloadOptionsKey,
} from "../../parcel/index.ts";
import { COURIER_ID } from "./capabilities.ts";
import { namedDeployment, type TargetSettings } from "./turn-target.ts";

/** A deployment that `dispatch up` made of a parcel. */
export interface MadeAhead {
  id: string;
  name: string;
}

export async function inspectParcel(
  opened: OpenedParcel,
  settings: TargetSettings,
  madeAhead: MadeAhead | undefined,
): Promise<Inspection> {
  const { manifest } = opened.parcel;
  return {
    courier_id: COURIER_ID,
    kind: "custom",
    entrypoint: manifest.entrypoint ?? null,
    required_secrets: manifest.secrets.map(({ name }) => name),
    mounts: manifest.mounts.map(({ kind, driver, options }) => ({ kind, driver, options })),
    local_tools: listLocalTools(opened.parcel),
    extensions: {
      deployment: await describeDeployment(opened, settings, madeAhead),
      "does not travel": workloadNotes(opened.parcel),
      secrets: secretNotes(opened.parcel, settings.secret),
    },
  };
}

/** Without a key or a secret, the name's last part is a placeholder. */
async function describeDeployment(
  opened: OpenedParcel,
  settings: TargetSettings,
  madeAhead: MadeAhead | undefined,
): Promise<string> {
  const named = namedDeployment(opened, settings);
  if (named) return `${named.deploymentId} (from ${named.named}; it is used as it is)`;
  if (madeAhead) return `${madeAhead.name}, ${madeAhead.id} (made of this parcel by dispatch up; it is used as it is)`;
  let options: string;
  try {
    options = workloadOptionsKey(opened.parcel, settings.secret, await settings.apiKey());
  } catch {
    options = "<options>"; // no key or a missing secret, which the turn reports
  }
  return `${deploymentName(opened.parcel, options)} (a job deployment; reused when it exists, made at the first turn otherwise)`;
}
