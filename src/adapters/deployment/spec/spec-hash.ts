/**
 * The part of a name that says what is deployed. It covers the whole request but the name, with the bundle's hash for its id,
 * and nothing of the machine or the account: two people of one organization deploy the same under the same name.
 */
import { createHash, scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { CreateDeployment } from "#protocols/seren-cloud";
import { isObject } from "../../../support/objects.ts";

/** A name can be read by everybody in the organization: it must not confirm a guess of a secret, or only slowly. */
const SLOW = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const derive = promisify<string, string, number, object, Buffer>(scrypt);

/** Returns eight hex digits. `request` has the bundle's SHA-256 in the place of its id. */
export async function specHash({ name: _, ...request }: CreateDeployment): Promise<string> {
  const { secrets, ...workload } = request.workload;
  const open = canonical({ ...request, workload });
  const hidden = secrets == null ? "" : (await derive(canonical(secrets), sha256(open), 32, SLOW)).toString("hex");
  return sha256(`${open}\n${hidden}`).slice(0, 8);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** JSON with the members of every object in the order of their names: hosts sort them as they like. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );
}
