/** The deployment a parcel is bound to, by a label that the host adds or an Agentfile states. */
import { ExecutionFailure } from "../support/failure.ts";
import { DEPLOYMENT_LABEL_PREFIX } from "./digest.ts";
import type { Parcel } from "./load.ts";
import { quoted } from "./printable.ts";

const ID_LABEL = `${DEPLOYMENT_LABEL_PREFIX}id`;

export interface BoundDeployment {
  /** A UUID in lower case. */
  deploymentId: string;
  /** Where the id was found, for messages. */
  named: string;
}

/**
 * Returns undefined for a parcel that is not bound. The digest does not cover the label, and its value becomes part of a
 * URL, so anything but a UUID is refused: throws `invalid_input`.
 */
export function boundDeployment({ manifest }: Parcel): BoundDeployment | undefined {
  const id = manifest.labels[ID_LABEL];
  if (id === undefined) return undefined;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
    return { deploymentId: id.toLowerCase(), named: `the parcel's label ${ID_LABEL}` };
  }
  throw new ExecutionFailure(
    "invalid_input",
    `the parcel's label ${ID_LABEL} is ${quoted(id)}, which is not the id of a Seren Cloud deployment`,
  );
}
