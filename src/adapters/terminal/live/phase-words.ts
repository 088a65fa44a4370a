/** Phases in the words of the status line. */
import type { Phase } from "../../../core/index.ts";

export const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  resolving: "looking for the deployment",
  deploying: "building the deployment",
  submitting: "starting the run",
  queued: "queued",
  running: "running",
  awaiting_approval: "waits for an approval",
  reconnecting: "connection lost, reconnecting",
  cancelling: "cancelling",
  reconciling: "collecting the answer",
};
