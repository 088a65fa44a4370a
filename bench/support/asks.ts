/** What each host asks a program it has just started. */
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { CLIENT, envelope } from "../../test/support/child-process/mcp-envelope.ts";
import { INITIALIZE } from "../../test/support/child-process/roder-initialize.ts";
import { type Mode, PARCEL } from "./places.ts";

const line = (id: number, method: string, params: object) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;

const courier = (kind: string, params: object = {}) =>
  line(1, `courier.${kind}`, { kind, protocol_version: COURIER_PROTOCOL_VERSION, ...params });

/** The first question, which every host asks. */
export const FIRST_ASK: Readonly<Record<Mode | "mcp, probed", string>> = {
  courier: courier("capabilities"),
  roder: line(1, "extension/initialize", INITIALIZE),
  mcp: line(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: CLIENT }),
  acp: line(1, "initialize", { protocolVersion: 1, clientCapabilities: {}, clientInfo: CLIENT }),
  "mcp, probed": line(1, "server/discover", { _meta: envelope() }),
};

/** The first question that needs the program itself. Dispatch asks it of a process of its own. */
export const OPEN_SESSION = courier("open_session", { parcel_dir: PARCEL });
export const DEFINITIONS = line(2, "subagents/definitions", { dispatcherId: "seren-cloud" });
