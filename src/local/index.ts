/** The embedded Seren Cloud: the published API inside the process, for demos, tests and parcel development. */
export { PUBLISHER_PREFIX } from "#protocols/seren-cloud";
export type { Agent, AgentContext, ApprovalRequest, ArtifactReport } from "./model/agent-context.ts";
export { type CompleteChat, type ModelPiece, modelAgent } from "./agents/model-agent.ts";
export { randomFaultPlan } from "./faults/random-fault-plan.ts";
export { type FaultPlan, FaultPlanSchema, type FaultRule } from "./faults/faults.ts";
export { ConnectionLost, type LocalReply, type LocalRequest, type LocalResponse } from "./http/exchange.ts";
export { type LocalHttp, type LocalHttpOptions, startLocalHttp } from "./http/server.ts";
export { LocalCloud, type LocalCloudOptions, type LocalStats } from "./local-cloud.ts";
export { StateFolder } from "./storage/state-folder.ts";
