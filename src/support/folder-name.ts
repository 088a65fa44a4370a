/** Names of files and folders made from foreign ids. The same on every system, because folders are shared and moved between them. */
import { createHash } from "node:crypto";

/** Windows drops a dot at the end, and takes what stands before a colon for a disk. */
const PLAIN = /^\w(?:[\w.-]{0,126}[\w-])?$/;
/** Windows gives these names, with any ending, to devices, on every disk and in every folder. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|\s*$)/i;

export function isDeviceName(name: string): boolean {
  return DEVICE.test(name);
}

/** Returns the id where it can name a folder, else a hash of it. */
export function folderName(id: string): string {
  return PLAIN.test(id) && !isDeviceName(id) ? id : createHash("sha256").update(id).digest("hex");
}
