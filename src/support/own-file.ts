/** Whether a file that this program trusts is this account's own: nobody else could have written it, or read what is secret. */
import { readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** As many as the system follows. */
const MAX_LINKS = 40;

/** What a file must be kept from: being read by others, or only being changed by them. Root may do either anyway. */
type Kept = "secret" | "unchanged";

/**
 * Returns what another account can do to the file, with the fix; undefined when it can do nothing. Others must not be able to
 * put another file in its place either.
 */
export function ownershipProblem(path: string, { mode, uid }: Stats, kept: Kept): string | undefined {
  const me = process.geteuid?.();
  if (me === undefined) return undefined;
  if (uid !== me && (kept === "secret" || uid !== 0)) return `${path} belongs to another account; run: ${owning(path)}`;
  if (kept === "secret" && (mode & 0o077) !== 0) return `${path} can be read by others; run: chmod 600 "${path}"`;
  if ((mode & 0o022) !== 0) return `${path} can be changed by others; run: chmod go-w "${path}"`;
  for (const folder of foldersOnTheWay(path)) {
    const parent = statSync(folder);
    if (parent.uid !== me && parent.uid !== 0) return `${folder} belongs to another account; run: ${owning(folder)}`;
    const sticky = (parent.mode & 0o1000) !== 0;
    if ((parent.mode & 0o022) !== 0 && !sticky)
      return `${folder} can be changed by others; run: chmod go-w "${folder}"`;
  }
  return undefined;
}

/** The folder of the file, and of each symbolic link that leads to it: who may change one of them decides what is read. */
function foldersOnTheWay(path: string): ReadonlySet<string> {
  const folders = new Set([dirname(path)]);
  let at = path;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    let target: string;
    try {
      target = readlinkSync(at);
    } catch {
      break; // it is no link
    }
    at = resolve(dirname(at), target);
    folders.add(dirname(at));
  }
  return folders.add(dirname(realpathSync(path)));
}

/** Why the system does not let this account read the file, with the fix. Never rejects. */
export async function whyDenied(path: string): Promise<string> {
  const me = process.geteuid?.();
  if (me === undefined)
    return `${path} cannot be read: permission denied; change its permissions, or choose another path`;
  let uid: number;
  try {
    uid = (await stat(path)).uid;
  } catch {
    return `${path} cannot be read: permission denied in ${dirname(path)}; change the owner or mode of that folder (chmod 700), or of one it is in`;
  }
  return uid === me
    ? `${path} cannot be read: its mode does not let its owner; run: chmod 600 "${path}"`
    : `${path} cannot be read: it belongs to another account; run: ${owning(path)}`;
}

function owning(path: string): string {
  return `sudo chown "$(id -u)" "${path}"`;
}
