/** Makes a request from a parcel on disk, for the deployment that the Dispatch courier would use. */
import { chooseNamedDeployment, type NamedDeployment, type RunRequest, type Target } from "../../../core/index.ts";
import {
  allowedSecrets,
  boundDeployment,
  hideSecrets,
  namedWorkload,
  type OpenedParcel,
  openParcel,
  type Parcel,
  refusedSecrets,
  requireEntrypoint,
  runTimeoutMs,
} from "../../../parcel/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { confirm } from "../screen/ask.ts";
import { printError } from "../screen/screen.ts";
import type { Context } from "../services.ts";

export interface ParcelRequestOptions {
  /** Folder of the built parcel. */
  path: string;
  message?: string | undefined;
  /** The deployment named on the command line. */
  requested?: NamedDeployment | undefined;
}

export interface ParcelRequest {
  target: Target;
  operation: NonNullable<RunRequest["operation"]>;
  /** `TIMEOUT RUN` of the parcel. */
  timeoutMs: number | undefined;
}

/** Rejects with `invalid_input` for a parcel that cannot be run this way. Nothing is sent. */
export async function parcelRequest(
  { services, screen }: Context,
  { path, message, requested }: ParcelRequestOptions,
): Promise<ParcelRequest> {
  const opened = await openParcel(path);
  const { parcel } = opened;
  hideSecrets(parcel, services.variable, services.redactor);
  const declared = parcel.manifest.entrypoint;
  const operation: ParcelRequest["operation"] = declared === "job" || declared === "heartbeat" ? declared : "chat";
  requireEntrypoint(declared, operation);
  if (message === undefined && operation !== "heartbeat") {
    throw new ExecutionFailure(
      "invalid_input",
      `this parcel takes a ${operation === "job" ? "payload" : "message"}; write: seren-bridge run ${path} "…" (or - for stdin)`,
    );
  }
  const named = {
    requested,
    bound: () => boundDeployment(opened.parcel),
    configured: services.deployment,
  };
  const target = chooseNamedDeployment(named) ?? (await workloadOf({ services, screen }, opened));
  return { target, operation, timeoutMs: runTimeoutMs(parcel) };
}

/** A deployment that was named has its secrets already: a person is asked only for what would be sent. */
async function workloadOf({ services, screen }: Context, opened: OpenedParcel) {
  const allowed = [...services.allowedSecrets, ...(await askForSecrets({ services, screen }, opened.parcel))];
  return namedWorkload(opened, {
    secret: allowedSecrets(services.variable, allowed),
    onSecrets: (notes) => {
      for (const note of notes) printError(screen, note);
    },
    apiKey: () => services.keys.current(),
  });
}

/** Returns the credentials of other tools that a person lets the parcel have; none without a person. */
async function askForSecrets({ services, screen }: Context, parcel: Parcel): Promise<string[]> {
  const refused = refusedSecrets(parcel, allowedSecrets(services.variable, services.allowedSecrets));
  if (refused.length === 0 || !screen.interactive) return [];
  const question = `The parcel asks for ${refused.join(", ")}, used by other tools on this machine. Send to Seren Cloud?`;
  return (await confirm(screen, question)) ? refused : [];
}
