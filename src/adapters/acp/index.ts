/** The agent of the Agent Client Protocol (ACP), for editors. */
export { createAcpAgent } from "./agent.ts";
export { acpHandshake } from "./handshake.ts";
export { isLoginCommand } from "./login.ts";
