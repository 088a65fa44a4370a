/** A parcel as a workload with the name its deployment is found again by. */
import type { CreateDeployment } from "#protocols/seren-cloud";
import type { ReadSecret } from "../support/secret.ts";
import { deploymentName, workloadOptionsKey } from "./deployment-name.ts";
import type { OpenedParcel } from "./open.ts";
import { missingSecrets, type SecretSource, secretNotes } from "./secrets.ts";
import { parcelWorkload } from "./workload.ts";

export interface NamedWorkloadOptions {
  /** Values of the declared secrets. */
  secret: SecretSource;
  /** Called when the deployment is about to be made, with what happens to the secrets. */
  onSecrets?(notes: readonly string[]): void;
  /** The key that the name depends on; may throw or reject with `unauthorized`. */
  apiKey: ReadSecret;
}

export interface NamedWorkload {
  kind: "workload";
  name: string;
  /** Of the parcel. */
  digest: string;
  /** Reads the parcel's files and returns the request that deploys it. */
  create(): Promise<CreateDeployment>;
}

/** In a name, for options that are not known. */
const UNKNOWN = "unknown";

/**
 * Sends nothing and reads no file. Without a secret that is needed, it can be found only where it was deployed with its own
 * (`dispatch up`), and `create` rejects with `invalid_input`. Rejects with that without a key as well, else as `apiKey` does.
 */
export async function namedWorkload(
  { parcel, files }: OpenedParcel,
  options: NamedWorkloadOptions,
): Promise<NamedWorkload> {
  const { secret, apiKey } = options;
  const missing = missingSecrets(parcel, secret);
  if (missing) {
    await requireKey(apiKey, missing);
    const create = () => Promise.reject(missing);
    return { kind: "workload", name: deploymentName(parcel, UNKNOWN), digest: parcel.manifest.digest, create };
  }
  const name = deploymentName(parcel, workloadOptionsKey(parcel, secret, await apiKey()));
  return {
    kind: "workload",
    name,
    digest: parcel.manifest.digest,
    async create() {
      const { create } = await parcelWorkload(parcel, files, { name, secret });
      const notes = secretNotes(parcel, secret);
      if (notes.length > 0) options.onSecrets?.(notes);
      return create;
    },
  };
}

/** A missing secret is the more helpful of two errors. */
async function requireKey(apiKey: ReadSecret, instead: unknown): Promise<void> {
  try {
    await apiKey();
  } catch {
    throw instead;
  }
}
