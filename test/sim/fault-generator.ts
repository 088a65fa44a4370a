/** Generates fault plans that a correct client survives: each fault is harmless or occurs a limited number of times. */
import type { FaultPlan, FaultRule } from "../../src/local/index.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";

const PLACES = [
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
  "cancel",
] as const;
const BROKEN = [429, 500, 502, 503, 504] as const;
const REFUSED = [400, 401, 402, 403, 404, 409, 422, 501] as const;
const BODIES = ["json", "html", "text", "empty", "garbage"] as const;
/** The client reads lists for six seconds before it concludes that nothing was created, so no list may lag as long. */
const MAX_LAG_MS = 2_500;

type RuleGenerator = (random: SeededRandom) => FaultRule;

const after = (random: SeededRandom) => (random.chance(0.5) ? {} : { after: random.int(1, 6) });
const times = (random: SeededRandom, most: number) => ({ ...after(random), times: random.int(1, most) });
const optionallyBounded = (random: SeededRandom, most: number) => (random.chance(0.5) ? {} : times(random, most));

const REQUESTS: readonly RuleGenerator[] = [
  (random) => ({
    kind: "status",
    where: random.pick(PLACES),
    ...times(random, 6),
    status: random.pick(BROKEN),
    body: random.pick(BODIES),
    ...(random.chance(0.3) ? { retry_after: random.int(0, 8) } : {}),
  }),
  (random) => ({ kind: "status", where: random.pick(PLACES), ...times(random, 1), status: random.pick(REFUSED) }),
  (random) => ({ kind: "drop", where: random.pick(PLACES), ...times(random, 4) }),
  (random) => ({ kind: "hang", where: random.pick(PLACES), ...times(random, 2) }),
  (random) => ({ kind: "delay", where: random.pick(PLACES), ...times(random, 4), ms: random.magnitude(10, 5_000) }),
  (random) => ({
    kind: "late_reply",
    where: random.pick(PLACES),
    ...times(random, 3),
    ms: random.magnitude(10, 90_000),
  }),
  (random) => ({
    kind: "lost_reply",
    where: random.pick(PLACES),
    ...times(random, 3),
    answer: random.pick(["drop", "unavailable", "html", "cut", "hang"] as const),
  }),
  (random) => ({
    kind: "lost_reply",
    where: random.pick(["create_run", "deploy", "cancel"] as const),
    ...times(random, 2),
    answer: random.pick(["drop", "unavailable", "html", "cut", "hang"] as const),
  }),
  (random) => ({
    kind: "wrap",
    where: random.pick(PLACES),
    ...optionallyBounded(random, 3),
    form: random.pick(["object", "string"]),
  }),
  (random) => ({
    kind: "lag",
    where: random.pick(["any", "list", "record", "state", "events"] as const),
    ...optionallyBounded(random, 20),
    ms: random.magnitude(50, MAX_LAG_MS),
    ...(random.chance(0.4) ? { events_only: true } : {}),
  }),
  (random) => ({ kind: "starting", where: "create_run", ms: random.magnitude(500, 60_000) }),
  (random) => ({ kind: "holes", where: "create_run", most: random.int(1, 5) }),
  () => ({ kind: "fail_build", where: "deploy", message: "the image could not be built" }),
  (random) => ({ kind: "slow_cancel", where: "cancel", ...times(random, 3), ms: random.magnitude(100, 90_000) }),
  () => ({ kind: "late_cancel", where: "cancel" }),
];

const STREAMS: readonly RuleGenerator[] = [
  (random) => ({
    kind: "cut",
    where: "stream",
    ...times(random, 8),
    frames: random.int(0, 12),
    clean: random.chance(0.5),
  }),
  (random) => ({
    kind: "cut",
    where: "stream",
    ...times(random, 8),
    chars: random.int(0, 2_000),
    clean: random.chance(0.5),
  }),
  (random) => ({
    kind: "stall",
    where: "stream",
    ...times(random, 2),
    frames: random.int(0, 12),
    ...(random.chance(0.5) ? { ms: random.magnitude(100, 100_000) } : {}),
  }),
  (random) => ({
    kind: "error_frame",
    where: "stream",
    ...times(random, 3),
    frames: random.int(0, 12),
    message: "the stream broke",
    plain: random.chance(0.5),
  }),
  (random) => ({ kind: "timeout_frame", where: "stream", ...times(random, 4), frames: random.int(0, 12) }),
  (random) => ({ kind: "replay", where: "stream", ...times(random, 6) }),
  (random) => ({ kind: "state_first", where: "stream", ...optionallyBounded(random, 3) }),
  (random) => ({ kind: "no_end", where: "stream", ...optionallyBounded(random, 3) }),
  (random) => ({
    kind: "end_name",
    where: "stream",
    name: random.pick(["done", "run.completed", "run.failed"] as const),
  }),
  (random) => ({ kind: "reorder", where: "stream", ...optionallyBounded(random, 3), every: random.int(1, 5) }),
  (random) => ({ kind: "duplicate", where: "stream", ...optionallyBounded(random, 3), every: random.int(1, 5) }),
  (random) => ({ kind: "garble", where: "stream", ...optionallyBounded(random, 3), every: random.int(1, 6) }),
  (random) => ({ kind: "lose", where: "stream", ...optionallyBounded(random, 3), every: random.int(1, 6) }),
  (random) => ({ kind: "unknown_frame", where: "stream", every: random.int(1, 4) }),
  (random) => ({ kind: "unnamed", where: "stream", ...optionallyBounded(random, 3) }),
  (random) => ({ kind: "no_ids", where: "stream", ...optionallyBounded(random, 3) }),
  (random) => ({ kind: "empty_ids", where: "stream", ...optionallyBounded(random, 3) }),
  (random) => ({ kind: "no_sequence", where: "stream", ...optionallyBounded(random, 3) }),
  (random) => ({ kind: "legacy", where: "stream", ...optionallyBounded(random, 2) }),
  () => ({ kind: "crlf", where: "stream" }),
  () => ({ kind: "multiline", where: "stream" }),
  () => ({ kind: "comments", where: "stream" }),
  (random) => ({ kind: "chop", where: "stream", chars: random.int(1, 64) }),
];

export function generateFaults(random: SeededRandom): FaultPlan {
  const rules: FaultRule[] = [];
  if (random.chance(0.85)) {
    for (let count = random.int(0, 3); count > 0; count -= 1) rules.push(random.pick(REQUESTS)(random));
    for (let count = random.int(0, 3); count > 0; count -= 1) rules.push(random.pick(STREAMS)(random));
  }
  return { seed: random.int(1, 1e9), rules };
}
