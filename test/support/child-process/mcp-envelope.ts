/** What an MCP client says of itself. */
import { CLIENT_CAPABILITIES_META, CLIENT_INFO_META, PROTOCOL_VERSION_META } from "#protocols/mcp";

export const CLIENT = { name: "test", version: "1" };

/** `_meta` of a request that stands for itself. */
export const envelope = (capabilities: object = {}, revision = "2026-07-28") => ({
  [PROTOCOL_VERSION_META]: revision,
  [CLIENT_INFO_META]: CLIENT,
  [CLIENT_CAPABILITIES_META]: capabilities,
});
