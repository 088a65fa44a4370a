/** A parcel on disk as a request: the same deployment the Dispatch courier would use for it. */
import type { RunRequest, Target } from "../../core/index.ts";
import {
  boundDeploymentId,
  collectSecrets,
  deploymentName,
  openParcel,
  parcelWorkload,
  requireEntrypoint,
  runTimeoutMs,
  workloadOptionsKey,
} from "../../parcel/index.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { Services } from "./services.ts";

export interface ParcelRequest {
  target: Target;
  operation: NonNullable<RunRequest["operation"]>;
  /** `TIMEOUT RUN` of the parcel. */
  timeoutMs: number | undefined;
}

/** Throws `invalid_input` for a parcel that cannot be run this way; nothing has been sent then. */
export async function parcelRequest(
  services: Services,
  path: string,
  message: string | undefined,
  deployment: string | undefined,
): Promise<ParcelRequest> {
  const { parcel, files } = await openParcel(path);
  const declared = parcel.manifest.entrypoint;
  const operation: ParcelRequest["operation"] = declared === "job" || declared === "heartbeat" ? declared : "chat";
  requireEntrypoint(declared, operation);
  if (message === undefined && operation !== "heartbeat") {
    throw new ExecutionFailure(
      "invalid_input",
      `this parcel takes a ${operation === "job" ? "payload" : "message"}; write: seren-bridge run ${path} "…" (or - for stdin)`,
    );
  }
  const common = { operation, timeoutMs: runTimeoutMs(parcel) };
  if (deployment) return { ...common, target: { kind: "deployment", deploymentId: deployment, named: "--deployment" } };
  const bound = boundDeploymentId(parcel);
  if (bound) {
    return {
      ...common,
      target: { kind: "deployment", deploymentId: bound, named: "the parcel's label dispatch.deployment.id" },
    };
  }
  if (services.deployment) {
    return {
      ...common,
      target: { kind: "deployment", deploymentId: services.deployment, named: "SEREN_BRIDGE_DEPLOYMENT" },
    };
  }
  const secret = services.variable;
  for (const [, value] of collectSecrets(parcel, secret)) services.redactor.add(value);
  const name = deploymentName(parcel, workloadOptionsKey(parcel, secret, services.keys.current()));
  return {
    ...common,
    target: {
      kind: "workload",
      name,
      create: async () => (await parcelWorkload(parcel, files, { name, secret })).create,
    },
  };
}
