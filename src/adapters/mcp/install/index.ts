/** Registering the MCP server in its clients. */
import { clientInstaller, type HostInstaller } from "../../../install/index.ts";
import { CLIENTS } from "./clients.ts";

export const mcpInstallers: readonly HostInstaller[] = CLIENTS.map((client) =>
  clientInstaller(client, { mode: "mcp", title: "MCP server" }),
);
