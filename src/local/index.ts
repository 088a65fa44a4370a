/** The embedded Seren Cloud: the published API inside the process, for demos, tests and parcel development. */
export { PUBLISHER_PREFIX } from "#protocols/seren-cloud";
export { ConnectionLost, type LocalReply, type LocalRequest, type LocalResponse } from "./exchange.ts";
export { randomFaultPlan } from "./fault-plan.ts";
export { type FaultPlan, FaultPlanSchema, type FaultRule } from "./faults.ts";
export { StateFolder } from "./folder.ts";
export { type LocalHttp, type LocalHttpOptions, startLocalHttp } from "./http.ts";
export { type CompleteChat, type ModelPiece, modelAgent } from "./model-agent.ts";
export { LocalCloud, type LocalCloudOptions, type LocalStats } from "./service.ts";
export type { Agent, ApprovalRequest, ArtifactReport, Stage } from "./stage.ts";
