/** The MCP server. */
export { mcpHandshake } from "./handshake.ts";
export { createMcpServer } from "./server.ts";
