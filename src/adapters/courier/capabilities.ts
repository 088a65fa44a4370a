/** The capabilities of this courier. */
import type { Capabilities } from "#protocols/dispatch-courier";

export const COURIER_ID = "seren-cloud";

/** The host refuses parcels with a mount kind that is missing here. Drivers are checked when a session is opened. */
export const CAPABILITIES: Capabilities = {
  courier_id: COURIER_ID,
  kind: "custom",
  supports_chat: true,
  supports_job: true,
  supports_heartbeat: true,
  supports_local_tools: false,
  supports_mounts: ["session", "memory", "artifacts"],
};
