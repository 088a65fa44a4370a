/**
 * Fault rules for answers with an odd member. Required members are spared, so that a liberal client reaches the same
 * outcome as without these rules. They are drawn apart from the other faults.
 */
import { type FaultRule, REQUIRED_MEMBERS } from "../../src/local/index.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";

/** Share of the plans that have odd members. */
const ODD_SHARE = 0.4;
/** Operations that the client uses; `any` is all of them at once. */
const OPERATIONS = [
  "any",
  "deploy",
  "deployments",
  "deployment",
  "create_run",
  "list",
  "record",
  "state",
  "events",
  "stream",
  "artifacts",
  "approvals",
  "pending",
  "cancel",
  "resume",
] as const;
const FRAMES = [
  "run.event",
  "run.event/text",
  "run.event/tool_call",
  "run.event/tool_result",
  "run.event/artifact",
  "run.event/error",
  "run.event/workflow",
  "run.event/done",
  "run.state",
  "replay_complete",
  "end",
] as const;

type RuleGenerator = (random: SeededRandom) => FaultRule;

/** `output` is the text of a run that has no text events. */
const spare = [...REQUIRED_MEMBERS, "output"];
const window = (random: SeededRandom) =>
  random.maybe(0.5, () => ({ after: random.int(0, 3), times: random.int(1, 20) }));

const ODD: readonly RuleGenerator[] = [
  (random) => ({ kind: "odd", where: random.pick(OPERATIONS), spare, ...window(random) }),
  (random) => ({ kind: "odd", where: "stream", frame: random.pick(FRAMES), spare, ...window(random) }),
];

/** What makes a client look up what it has sent, where it meets the odd member. */
const LOST: readonly RuleGenerator[] = [
  (random) => ({
    kind: "lost_reply",
    where: random.pick(["create_run", "deploy"] as const),
    answer: random.pick(["drop", "html", "cut", "unavailable"] as const),
  }),
  (random) => ({
    kind: "lag",
    where: random.pick(["list", "record", "deployments"] as const),
    ms: random.magnitude(50, 2_500),
  }),
  (random) => ({ kind: "cut", where: "stream", frames: random.int(0, 12), times: random.int(1, 4) }),
];

export function generateOddFaults(random: SeededRandom): FaultRule[] {
  if (!random.chance(ODD_SHARE)) return [];
  const rules = Array.from({ length: random.int(1, 2) }, () => random.pick(ODD)(random));
  if (random.chance(0.4)) rules.push(random.pick(LOST)(random));
  return rules;
}
