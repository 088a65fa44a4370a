/** A built Dispatch parcel: loading, verifying, and what it says. No network. */
export { boundDeployment } from "./bound-deployment.ts";
export { MAX_ASSET_BYTES, MAX_BUNDLE_BYTES, MAX_INSTRUCTION_BYTES } from "./bundle.ts";
export { requireCompatible } from "./compatibility.ts";
export { deploymentName, slug, workloadOptionsKey } from "./deployment-name.ts";
export { requireEntrypoint } from "./entrypoint.ts";
export { verifyParcel } from "./integrity.ts";
export { loadParcel, type Parcel } from "./load.ts";
export { resolveMounts } from "./mounts.ts";
export { namedWorkload } from "./named-workload.ts";
export { workloadNotes } from "./notes.ts";
export { type OpenedParcel, openParcel } from "./open.ts";
export { unpackParcel } from "./packed-parcel.ts";
export { resolvePrompt } from "./prompt.ts";
export {
  allowedNameProblems,
  allowedSecrets,
  hideSecrets,
  missingSecrets,
  refusedSecrets,
  type SecretSource,
  secretNotes,
} from "./secrets.ts";
export { runTimeoutMs } from "./timeouts.ts";
export { findLocalTool, listLocalTools } from "./tools.ts";
export { parcelSettings, parcelWorkload } from "./workload.ts";
