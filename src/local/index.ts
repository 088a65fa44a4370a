/**
 * The embedded Seren Cloud: the published API inside the process, for demos, tests and parcel development.
 *
 * Imports point one way (checked by test/architecture.test.ts), from `local-cloud.ts`, which puts the parts together:
 *
 *   handlers → faults → model, http       agents → model       storage → model
 *
 * - `http/`      one request and its response, and the loopback server; knows no operation's meaning
 * - `model/`     deployments, bundles, runs and how they are shown; declares what an agent and a store are; no HTTP
 * - `agents/`    what works on the runs: scripts, reports, a language model
 * - `storage/`   state in a folder
 * - `faults/`    fault plans, and what they do to requests and streams
 * - `handlers/`  the table of operations (`routes.ts`) and what carries each of them out
 */
export { PUBLISHER_PREFIX } from "#protocols/seren-cloud";
export { type CompleteChat, type ModelPiece, modelAgent } from "./agents/model-agent.ts";
export { type FaultPlan, FaultPlanSchema, type FaultRule } from "./faults/faults.ts";
export {
  type Json,
  membersOf,
  type Oddity,
  odditiesOf,
  REQUIRED_MEMBERS,
  withOddMember,
} from "./faults/odd-member.ts";
export { randomFaultPlan } from "./faults/random-fault-plan.ts";
export {
  ConnectionLost,
  type LocalReply,
  type LocalRequest,
  type LocalResponse,
  type LocalService,
} from "./http/exchange.ts";
export { type LocalHttp, startLocalHttp } from "./http/server.ts";
export { LocalCloud, type LocalCloudOptions, type LocalStats } from "./local-cloud.ts";
export type { Agent, AgentContext } from "./model/agent-context.ts";
export { StateFolder } from "./storage/state-folder.ts";
