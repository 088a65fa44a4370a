/** Registering the MCP server in its clients. */
import type { HostInstaller } from "../../../install/index.ts";
import { clientInstaller } from "./client-installer.ts";
import { CLIENTS } from "./clients.ts";

export const mcpInstallers: readonly HostInstaller[] = CLIENTS.map(clientInstaller);
