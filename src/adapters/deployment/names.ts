/** Names of deployments, from what people call them (`docs/reference/dispatch-deployment-v1.md`, sections 9.4 and 9.5). */
import { createHash } from "node:crypto";
import { slug } from "../../parcel/index.ts";

/** How a stem ends that was made from a label. */
const MADE = /-[0-9a-f]{6}$/;

/** Returns the label where it is a slug, else a slug with a hash of it: no two labels have one stem. */
export function stemOf(label: string): string {
  const plain = slug(label);
  if (plain === label && !MADE.test(label)) return label;
  return `${plain}-${createHash("sha256").update(label).digest("hex").slice(0, 6)}`;
}

/** The name of a deployment to which its author gave none. It is never of the form that `upsert` deletes. */
export function ownName(title: string, spec: string, digest: string | undefined): string {
  const plain = slug(title).replace(/-up$/, "-up-agent");
  return `${plain}-${spec}${digest === undefined ? "" : `-${digest.slice(0, 12)}`}`;
}
