/** The deployment a parcel is bound to, by a label that the host adds or an Agentfile states. */
import { ExecutionFailure } from "../support/failure.ts";
import { DEPLOYMENT_LABEL_PREFIX } from "./digest.ts";
import type { Parcel } from "./load.ts";
import { quoted } from "./printable.ts";

const ID_LABEL = `${DEPLOYMENT_LABEL_PREFIX}id`;

/**
 * Id in lower case, or undefined for a parcel that is not bound. The digest does not vouch for it, and it ends up in an
 * address, so anything but a UUID is refused as `invalid_input`.
 */
export function boundDeploymentId({ manifest }: Parcel): string | undefined {
  const id = manifest.labels[ID_LABEL];
  if (id === undefined) return undefined;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return id.toLowerCase();
  throw new ExecutionFailure(
    "invalid_input",
    `the parcel's label ${ID_LABEL} is ${quoted(id)}, which is not the id of a Seren Cloud deployment`,
  );
}
