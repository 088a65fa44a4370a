/** The limit for the disk of the state folder. */
import type { Ambient } from "../support/ambient.ts";
import { Responsive } from "../support/responsive.ts";

export function stateDisk(folder: string, ambient: Ambient): Responsive {
  return new Responsive(folder, ambient, "set SEREN_BRIDGE_STATE_DIR to another folder");
}
