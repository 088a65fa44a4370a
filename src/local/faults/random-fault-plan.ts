/**
 * Fault plans drawn from a seed. No rule lasts that keeps a correct client from its goal: a client that retries often
 * enough succeeds under every such plan.
 */
import type { FaultPlan, FaultRule } from "./faults.ts";
import { REQUIRED_MEMBERS } from "./odd-member.ts";
import { seededRandom } from "./seeded.ts";

/** Most rules in a plan. */
const MAX_RULES = 4;

interface Draws {
  /** An integer between `min` and `max`, both included. */
  between(min: number, max: number): number;
  pick<T>(choices: readonly T[]): T;
  chance(probability: number): boolean;
}

type Draw = (draws: Draws) => FaultRule;

const reads = ["record", "list", "state", "events"] as const;
const calls = [...reads, "create_run", "deploy", "cancel", "stream", "deployment", "deployments", "approvals"] as const;

const REQUEST: readonly Draw[] = [
  (d) => ({ kind: "drop", where: d.pick(calls), ...count(d) }),
  (d) => ({ kind: "delay", where: d.pick(calls), ms: d.between(1, 4000), ...count(d) }),
  (d) => ({ kind: "late_reply", where: d.pick(calls), ms: d.between(1, 4000), ...count(d) }),
  (d) => ({
    kind: "status",
    where: d.pick(calls),
    status: 429,
    ...(d.chance(0.8) ? { retry_after: d.between(0, 3) } : {}),
    ...count(d),
  }),
  (d) => ({
    kind: "status",
    where: d.pick(calls),
    status: d.pick([500, 502, 503, 504]),
    body: d.pick(["json", "html", "text", "empty", "garbage"] as const),
    ...count(d),
  }),
  (d) => ({ kind: "wrap", where: d.pick(reads), form: d.pick(["object", "string"] as const), ...count(d) }),
  (d) => ({ kind: "lost_reply", where: d.pick(calls), answer: d.pick(["drop", "cut", "html"] as const), ...count(d) }),
];

const CREATE: readonly Draw[] = [
  (d) => ({ kind: "lost_reply", where: "create_run", answer: d.pick(["drop", "html", "cut"] as const) }),
  (d) => ({ kind: "lost_reply", where: "create_run", answer: "unavailable", retry_after: d.between(0, 3) }),
  (d) => ({ kind: "starting", where: "create_run", ms: d.between(1, 20_000) }),
  (d) => ({ kind: "holes", where: "create_run", most: d.between(1, 5) }),
];

const LAG: readonly Draw[] = [
  (d) => ({ kind: "lag", where: d.pick(["record", "list", "state"] as const), ms: d.between(1, 3000) }),
  (d) => ({ kind: "lag", where: "record", ms: d.between(1, 3000), events_only: true }),
];

const CANCEL: readonly Draw[] = [
  (d) => ({ kind: "status", where: "cancel", status: d.pick([500, 503, 429]), times: d.between(1, 4) }),
  (d) => ({ kind: "drop", where: "cancel", times: d.between(1, 3) }),
  (d) => ({ kind: "slow_cancel", where: "cancel", ms: d.between(1, 5000) }),
  () => ({ kind: "late_cancel", where: "cancel" }),
];

const BREAK: readonly Draw[] = [
  (d) => ({ kind: "cut", where: "stream", frames: d.between(0, 12), clean: d.chance(0.4), times: d.between(1, 4) }),
  (d) => ({ kind: "cut", where: "stream", chars: d.between(0, 1500), clean: d.chance(0.3), times: d.between(1, 4) }),
  (d) => ({
    kind: "stall",
    where: "stream",
    frames: d.between(0, 8),
    ...(d.chance(0.5) ? { ms: d.between(10, 120_000) } : {}),
    times: d.between(1, 2),
  }),
  (d) => ({
    kind: "status",
    where: "stream",
    status: d.pick([404, 405, 501, 200]),
    times: d.chance(0.5) ? 1 : 1000,
  }),
  (d) => ({
    kind: "error_frame",
    where: "stream",
    frames: d.between(0, 8),
    message: "stream trouble",
    plain: d.chance(0.5),
  }),
  (d) => ({ kind: "timeout_frame", where: "stream", frames: d.between(0, 8) }),
  (d) => ({ kind: "replay", where: "stream", after: d.between(0, 1), times: d.between(1, 3) }),
  (d) => ({ kind: "no_end", where: "stream", times: d.between(1, 3) }),
];

const SPOIL: readonly Draw[] = [
  (d) => ({ kind: "reorder", where: "stream", every: d.between(2, 5), times: 1 }),
  (d) => ({ kind: "duplicate", where: "stream", every: d.between(1, 4) }),
  (d) => ({ kind: "garble", where: "stream", every: d.between(2, 6), times: d.between(1, 3) }),
  (d) => ({ kind: "lose", where: "stream", every: d.between(2, 6), times: d.between(1, 3) }),
  (d) => ({ kind: "unknown_frame", where: "stream", every: d.between(1, 4) }),
  () => ({ kind: "state_first", where: "stream" }),
  () => ({ kind: "unnamed", where: "stream" }),
  () => ({ kind: "no_ids", where: "stream" }),
  () => ({ kind: "empty_ids", where: "stream" }),
  () => ({ kind: "no_sequence", where: "stream" }),
  () => ({ kind: "legacy", where: "stream" }),
  () => ({ kind: "crlf", where: "stream" }),
  () => ({ kind: "multiline", where: "stream" }),
  () => ({ kind: "comments", where: "stream" }),
  (d) => ({ kind: "chop", where: "stream", chars: d.between(1, 64) }),
];

const ODD: readonly Draw[] = [
  (d) => ({ kind: "odd", where: d.pick([...calls, "artifacts"] as const), spare: [...REQUIRED_MEMBERS], ...count(d) }),
  (d) => ({ kind: "odd", where: d.pick([...reads, "stream"] as const), spare: [...REQUIRED_MEMBERS] }),
];

/** A family is drawn before a rule, so that each has a fair share however many kinds it has. */
const FAMILIES: readonly (readonly Draw[])[] = [REQUEST, CREATE, LAG, CANCEL, BREAK, BREAK, SPOIL, SPOIL, ODD];

/** Returns a plan of up to four rules; some plans are empty. Equal seeds give equal plans. */
export function randomFaultPlan(seed: number): FaultPlan {
  const random = seededRandom(seed);
  const between = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
  const draws: Draws = {
    between,
    pick: (choices) => choices[between(0, choices.length - 1)] as (typeof choices)[number],
    chance: (probability) => random() < probability,
  };
  const rules = Array.from({ length: between(0, MAX_RULES) }, () => draws.pick(draws.pick(FAMILIES))(draws));
  return { seed, rules };
}

function count(draws: Draws): { after: number; times: number } {
  return { after: draws.between(0, 2), times: draws.between(1, 2) };
}
