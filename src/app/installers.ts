/** The hosts this program can be installed in, in the order that `setup` and `doctor` list them. */
import { acpInstallers } from "../adapters/acp/install/index.ts";
import { dispatchInstaller } from "../adapters/courier/install/index.ts";
import { mcpInstallers } from "../adapters/mcp/install/index.ts";
import { roderInstaller } from "../adapters/roder/install/index.ts";
import type { HostInstaller } from "../install/index.ts";

export const INSTALLERS: readonly HostInstaller[] = [
  dispatchInstaller,
  roderInstaller,
  ...mcpInstallers,
  ...acpInstallers,
];
