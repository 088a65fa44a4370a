/** A parcel as the request that deploys it: an LLM workload with all files of the parcel. */
import type { CreateDeployment } from "#protocols/seren-cloud";
import { bundleOf, requireSize } from "./bundle.ts";
import { requireCompatible } from "./compatibility.ts";
import { envEntries, slug } from "./deployment-name.ts";
import { DEPLOYMENT_LABEL_PREFIX } from "./digest.ts";
import type { ParcelFiles } from "./integrity.ts";
import { workloadLimits } from "./limits.ts";
import type { Parcel } from "./load.ts";
import { modelFields } from "./models.ts";
import { workloadNotes } from "./notes.ts";
import { collectSecrets, type SecretSource } from "./secrets.ts";

/** Largest request body: 16 MiB of files are 21.4 MiB in base64. */
const MAX_BODY_BYTES = 24 * 1024 * 1024;

export interface WorkloadOptions {
  /** Name of the deployment, from `deploymentName`. */
  name: string;
  /** Values of the declared secrets. */
  secret: SecretSource;
}

export interface ParcelWorkload {
  create: CreateDeployment;
  /** What the parcel declares and the workload cannot carry. */
  notes: string[];
}

/**
 * Builds the request; sends nothing. It depends only on the parcel's digest and on what `workloadOptionsKey` covers,
 * because a deployment of the same name is assumed to hold the same workload.
 * Throws `unsupported` for a parcel that does not run here, `invalid_input` for a missing secret or a size limit.
 */
export async function parcelWorkload(
  parcel: Parcel,
  files: ParcelFiles,
  options: WorkloadOptions,
): Promise<ParcelWorkload> {
  requireCompatible(parcel);
  const { workload, ...envelope } = parcelSettings(parcel, options.secret);
  const { instructions, assets } = await bundleOf(parcel, files);
  const create: CreateDeployment = {
    // Each turn is a run of its own: nothing keeps running or is scheduled unless the user asked for it.
    mode: "job",
    name: options.name,
    ...envelope,
    workload: {
      execution: {
        type: "llm",
        bundle: { instructions, ...(assets.length > 0 ? { assets } : {}) },
        ...modelFields(parcel),
      },
      ...workload,
    },
  };
  requireSize(parcel, Buffer.byteLength(JSON.stringify(create)), MAX_BODY_BYTES, "the request to deploy it");
  return { create, notes: workloadNotes(parcel) };
}

export interface ParcelSettings extends Pick<CreateDeployment, "skill_slug" | "visibility"> {
  workload: Omit<CreateDeployment["workload"], "execution">;
}

/** Everything a parcel says about its deployment but what is executed. Throws `invalid_input` for a missing secret. */
export function parcelSettings(parcel: Parcel, secret: SecretSource): ParcelSettings {
  const { manifest } = parcel;
  const secrets = collectSecrets(parcel, secret);
  const limits = workloadLimits(parcel);
  const required = [...new Set(manifest.secrets.filter((one) => one.required).map(({ name }) => name))];
  return {
    skill_slug: slug(manifest.name),
    ...(manifest.visibility == null ? {} : { visibility: manifest.visibility }),
    workload: {
      config: configOf(parcel),
      ...(secrets.length > 0 ? { secrets: Object.fromEntries(secrets) } : {}),
      ...(required.length > 0 ? { requirements: required.map((key) => ({ key, source: "secret" as const })) } : {}),
      ...(limits ? { limits } : {}),
    },
  };
}

/** Plain settings. The labels of a binding stay out: the digest does not cover them. */
function configOf(parcel: Parcel): Record<string, object> {
  const { digest, version, labels } = parcel.manifest;
  const env = envEntries(parcel);
  const own = Object.entries(labels).filter(([name]) => !name.startsWith(DEPLOYMENT_LABEL_PREFIX));
  return {
    dispatch: { parcel_digest: digest, ...(version == null ? {} : { parcel_version: version }) },
    ...(env.length > 0 ? { env: Object.fromEntries(env) } : {}),
    ...(own.length > 0 ? { labels: Object.fromEntries(own) } : {}),
  };
}
