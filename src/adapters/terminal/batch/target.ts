/** Where the runs of a batch go. */
import { generalAgentTarget, type Target } from "../../../core/index.ts";
import type { BatchPlan } from "./batch-folder.ts";

export function targetOf({ deployment, model }: BatchPlan): Target {
  return deployment ? { kind: "deployment", ...deployment } : generalAgentTarget({ model });
}
