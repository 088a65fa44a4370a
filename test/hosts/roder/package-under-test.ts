/** The built package the hosts run: this checkout, or an unpacked tarball named by `SEREN_BRIDGE_PACKAGE`. */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const CHECKOUT = fileURLToPath(new URL("../../..", import.meta.url));

export const PACKAGE = process.env.SEREN_BRIDGE_PACKAGE || CHECKOUT;
export const PROGRAM = join(PACKAGE, "dist", "seren-bridge.mjs");
export const MANIFEST = join(PACKAGE, "roder-extension.toml");

const RECORDER = fileURLToPath(new URL("record.mjs", import.meta.url));

export interface Launch {
  command: string;
  args: string[];
}

/** With `SEREN_RODER_RECORDINGS` set to a folder, a session that has a name is written down there. */
export function launched({ command, args }: Launch, recordAs?: string): Launch {
  const folder = process.env.SEREN_RODER_RECORDINGS;
  if (!folder || !recordAs) return { command, args };
  return { command: process.execPath, args: [RECORDER, resolve(folder, `${recordAs}.jsonl`), command, ...args] };
}
