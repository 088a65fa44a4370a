/** What this courier is. */
import type { Capabilities } from "#protocols/dispatch-courier";

export const COURIER_ID = "seren-cloud";

/** All three mount kinds, or the host itself refuses parcels that declare them; drivers are judged when a session opens. */
export const CAPABILITIES: Capabilities = {
  courier_id: COURIER_ID,
  kind: "custom",
  supports_chat: true,
  supports_job: true,
  supports_heartbeat: true,
  supports_local_tools: false,
  supports_mounts: ["session", "memory", "artifacts"],
};
