/** Fault plans that a correct client survives: whatever goes wrong goes wrong a bounded number of times, or harmlessly. */
import type { FaultPlan, FaultRule } from "../../src/local/index.ts";
import type { Lots } from "../support/in-process/seeded-random.ts";

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
/** Lists are looked at for six seconds before "nothing was created" is believed: the assumption about the service. */
const MAX_LAG_MS = 2_500;

type Draw = (lots: Lots) => FaultRule;

const after = (lots: Lots) => (lots.chance(0.5) ? {} : { after: lots.int(1, 6) });
const times = (lots: Lots, most: number) => ({ ...after(lots), times: lots.int(1, most) });
const forGood = (lots: Lots, most: number) => (lots.chance(0.5) ? {} : times(lots, most));

const REQUESTS: readonly Draw[] = [
  (lots) => ({
    kind: "status",
    where: lots.pick(PLACES),
    ...times(lots, 6),
    status: lots.pick(BROKEN),
    body: lots.pick(BODIES),
    ...(lots.chance(0.3) ? { retry_after: lots.int(0, 8) } : {}),
  }),
  (lots) => ({ kind: "status", where: lots.pick(PLACES), ...times(lots, 1), status: lots.pick(REFUSED) }),
  (lots) => ({ kind: "drop", where: lots.pick(PLACES), ...times(lots, 4) }),
  (lots) => ({ kind: "hang", where: lots.pick(PLACES), ...times(lots, 2) }),
  (lots) => ({ kind: "delay", where: lots.pick(PLACES), ...times(lots, 4), ms: lots.magnitude(10, 5_000) }),
  (lots) => ({ kind: "late_reply", where: lots.pick(PLACES), ...times(lots, 3), ms: lots.magnitude(10, 90_000) }),
  (lots) => ({
    kind: "lost_reply",
    where: lots.pick(PLACES),
    ...times(lots, 3),
    answer: lots.pick(["drop", "unavailable", "html", "cut", "hang"] as const),
  }),
  (lots) => ({
    kind: "lost_reply",
    where: lots.pick(["create_run", "deploy", "cancel"] as const),
    ...times(lots, 2),
    answer: lots.pick(["drop", "unavailable", "html", "cut", "hang"] as const),
  }),
  (lots) => ({ kind: "wrap", where: lots.pick(PLACES), ...forGood(lots, 3), form: lots.pick(["object", "string"]) }),
  (lots) => ({
    kind: "lag",
    where: lots.pick(["any", "list", "record", "state", "events"] as const),
    ...forGood(lots, 20),
    ms: lots.magnitude(50, MAX_LAG_MS),
    ...(lots.chance(0.4) ? { events_only: true } : {}),
  }),
  (lots) => ({ kind: "starting", where: "create_run", ms: lots.magnitude(500, 60_000) }),
  (lots) => ({ kind: "holes", where: "create_run", most: lots.int(1, 5) }),
  () => ({ kind: "fail_build", where: "deploy", message: "the image could not be built" }),
  (lots) => ({ kind: "slow_cancel", where: "cancel", ...times(lots, 3), ms: lots.magnitude(100, 90_000) }),
  () => ({ kind: "late_cancel", where: "cancel" }),
];

const STREAMS: readonly Draw[] = [
  (lots) => ({ kind: "cut", where: "stream", ...times(lots, 8), frames: lots.int(0, 12), clean: lots.chance(0.5) }),
  (lots) => ({ kind: "cut", where: "stream", ...times(lots, 8), chars: lots.int(0, 2_000), clean: lots.chance(0.5) }),
  (lots) => ({
    kind: "stall",
    where: "stream",
    ...times(lots, 2),
    frames: lots.int(0, 12),
    ...(lots.chance(0.5) ? { ms: lots.magnitude(100, 100_000) } : {}),
  }),
  (lots) => ({
    kind: "error_frame",
    where: "stream",
    ...times(lots, 3),
    frames: lots.int(0, 12),
    message: "the stream broke",
    plain: lots.chance(0.5),
  }),
  (lots) => ({ kind: "timeout_frame", where: "stream", ...times(lots, 4), frames: lots.int(0, 12) }),
  (lots) => ({ kind: "replay", where: "stream", ...times(lots, 6) }),
  (lots) => ({ kind: "state_first", where: "stream", ...forGood(lots, 3) }),
  (lots) => ({ kind: "no_end", where: "stream", ...forGood(lots, 3) }),
  (lots) => ({ kind: "end_name", where: "stream", name: lots.pick(["done", "run.completed", "run.failed"] as const) }),
  (lots) => ({ kind: "reorder", where: "stream", ...forGood(lots, 3), every: lots.int(1, 5) }),
  (lots) => ({ kind: "duplicate", where: "stream", ...forGood(lots, 3), every: lots.int(1, 5) }),
  (lots) => ({ kind: "garble", where: "stream", ...forGood(lots, 3), every: lots.int(1, 6) }),
  (lots) => ({ kind: "lose", where: "stream", ...forGood(lots, 3), every: lots.int(1, 6) }),
  (lots) => ({ kind: "unknown_frame", where: "stream", every: lots.int(1, 4) }),
  (lots) => ({ kind: "unnamed", where: "stream", ...forGood(lots, 3) }),
  (lots) => ({ kind: "no_ids", where: "stream", ...forGood(lots, 3) }),
  (lots) => ({ kind: "empty_ids", where: "stream", ...forGood(lots, 3) }),
  (lots) => ({ kind: "no_sequence", where: "stream", ...forGood(lots, 3) }),
  (lots) => ({ kind: "legacy", where: "stream", ...forGood(lots, 2) }),
  () => ({ kind: "crlf", where: "stream" }),
  () => ({ kind: "multiline", where: "stream" }),
  () => ({ kind: "comments", where: "stream" }),
  (lots) => ({ kind: "chop", where: "stream", chars: lots.int(1, 64) }),
];

export function drawFaults(lots: Lots): FaultPlan {
  const rules: FaultRule[] = [];
  if (lots.chance(0.85)) {
    for (let count = lots.int(0, 3); count > 0; count -= 1) rules.push(lots.pick(REQUESTS)(lots));
    for (let count = lots.int(0, 3); count > 0; count -= 1) rules.push(lots.pick(STREAMS)(lots));
  }
  return { seed: lots.int(1, 1e9), rules };
}
