/**
 * Names of the deployments that are made ahead of their first run (`dispatch up`): `<stem>-up-<spec>[-<content>]`. A stem is
 * what a person calls the deployment; all deployments of one stem are a family, of which one serves. The spec part changes
 * with everything that is deployed, the content part is the beginning of a parcel's digest.
 */
import type { Deployment } from "../../seren/index.ts";
import { oldestFirst } from "../../support/oldest-first.ts";

/** Digits of the content part. */
const CONTENT_DIGITS = 12;

const MADE_AHEAD = /^[a-z0-9]+(?:-[a-z0-9]+)*-up-[0-9a-f]{8}(?:-[0-9a-f]{12})?$/;
/** What follows the stem. */
const ENDING = /^-up-[0-9a-f]{8}(?:-[0-9a-f]{12})?$/;

export interface FamilyMember {
  /** Lower-case letters and digits with single `-` between them. */
  stem: string;
  /** Eight hex digits. */
  spec: string;
  /** Digest of a parcel, in hex. */
  digest?: string | undefined;
}

export function memberName({ stem, spec, digest }: FamilyMember): string {
  return `${stem}-up-${spec}${digest === undefined ? "" : `-${digest.slice(0, CONTENT_DIGITS)}`}`;
}

/** Whether a name is of the form that members of some family have. */
export function isMadeAhead(name: string): boolean {
  return MADE_AHEAD.test(name);
}

/** Returns a test for the names of one family. A longer stem that begins the same is another family. */
export function isOfFamily(stem: string): (deployment: Deployment) => boolean {
  return ({ name }) => name?.startsWith(stem) === true && ENDING.test(name.slice(stem.length));
}

/** Returns the newest live deployment that was made ahead from the parcel with this digest. */
export function pickMadeAhead(deployments: readonly Deployment[], digest: string): Deployment | undefined {
  const end = `-${digest.slice(0, CONTENT_DIGITS)}`;
  const made = deployments.filter(
    ({ name, status }) => status !== "failed" && name?.endsWith(end) === true && isMadeAhead(name),
  );
  return oldestFirst(made).at(-1);
}
