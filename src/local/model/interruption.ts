/** How the end of a run that a restart of its runtime has interrupted is shown. */
import type { EventObject } from "./event-log.ts";

/** `stop_reason` of a run that ended with a restart of its runtime. */
export const INTERRUPTED = "interrupted";

/** The event that reports such an end. */
export const interruption = (message: string): EventObject => ({
  event_type: "error",
  kind: "error",
  type: "error",
  code: INTERRUPTED,
  cause: "platform",
  retryable: true,
  message,
});
