/** The settings and folders of a program that is measured from its start: none of this machine's own. */
import { join } from "node:path";

export const ownHome = (folder: string): Record<string, string> => ({
  HOME: folder,
  XDG_CACHE_HOME: join(folder, "cache"),
  SEREN_BRIDGE_CONFIG: "none",
  SEREN_BRIDGE_STATE_DIR: join(folder, "state"),
});
