/**
 * Faults: a plan says what goes wrong, where and how often. A plan is plain JSON, so that it can be printed with a
 * failing test and given back. Rules count requests: `after` skips the first so many that match, `times` is how many
 * are hit from then on (by default one for what happens to a request, all for what is a property of the service).
 */
import * as z from "zod";
import { OPERATIONS, type Operation } from "../handlers/routes.ts";
import { seededRandom } from "./seeded.ts";

const Ms = z.number().min(0);
const Every = z.int().min(1);
const Counting = { after: z.int().min(0).optional(), times: z.int().min(1).optional() };
/** Where a rule applies: an operation (`list` is the list of runs, `record` one run's record), or any of them. */
const anywhere = { where: z.enum([...OPERATIONS, "any"]), ...Counting };
const at = <const W extends Operation>(where: W) => ({ where: z.literal(where), ...Counting });
const stream = at("stream");

export const FaultRuleSchema = z.discriminatedUnion("kind", [
  /** Refused before anything is done. `body` is a shape by name, or the JSON itself. */
  z.strictObject({
    kind: z.literal("status"),
    ...anywhere,
    status: z.int().min(200).max(599),
    body: z.union([z.enum(["json", "html", "text", "empty", "garbage"]), z.record(z.string(), z.unknown())]).optional(),
    message: z.string().optional(),
    /** Seconds, or an HTTP date. */
    retry_after: z.union([z.number(), z.string()]).optional(),
  }),
  /** The connection breaks before anything is done. */
  z.strictObject({ kind: z.literal("drop"), ...anywhere }),
  /** No answer, ever. */
  z.strictObject({ kind: z.literal("hang"), ...anywhere }),
  z.strictObject({ kind: z.literal("delay"), ...anywhere, ms: Ms }),
  /** Done, but answered `ms` later. */
  z.strictObject({ kind: z.literal("late_reply"), ...anywhere, ms: Ms }),
  /** Done, but the answer is lost: dropped, replaced by an error of the edge, or cut in the middle. */
  z.strictObject({
    kind: z.literal("lost_reply"),
    ...anywhere,
    answer: z.enum(["drop", "unavailable", "html", "cut", "hang"]),
    retry_after: z.number().optional(),
  }),
  /** The answer arrives inside a gateway's own `{status, body}`. */
  z.strictObject({ kind: z.literal("wrap"), ...anywhere, form: z.enum(["object", "string"]) }),
  /** Reads are `ms` behind; with `events_only` the status is fresh and the events are not. */
  z.strictObject({ kind: z.literal("lag"), ...anywhere, ms: Ms, events_only: z.boolean().optional() }),
  /** Runs are refused with "still starting" until `ms` after the deployment was made. */
  z.strictObject({ kind: z.literal("starting"), ...at("create_run"), ms: Ms }),
  /** The run's sequence leaves out up to `most` numbers before an event. */
  z.strictObject({ kind: z.literal("holes"), ...at("create_run"), most: z.int().min(1) }),
  z.strictObject({ kind: z.literal("fail_build"), ...at("deploy"), message: z.string() }),
  /** The cancel is accepted and takes effect `ms` later. */
  z.strictObject({ kind: z.literal("slow_cancel"), ...at("cancel"), ms: Ms }),
  /** The cancel is accepted, but the run completes first. */
  z.strictObject({ kind: z.literal("late_cancel"), ...at("cancel") }),
  /** The stream breaks after so many frames or characters; with `clean` it ends as if nothing were wrong. */
  z.strictObject({
    kind: z.literal("cut"),
    ...stream,
    frames: z.int().min(0).optional(),
    chars: z.int().min(0).optional(),
    clean: z.boolean().optional(),
  }),
  /** The stream falls silent after so many frames, for `ms` or for ever. */
  z.strictObject({ kind: z.literal("stall"), ...stream, frames: z.int().min(0), ms: Ms.optional() }),
  /** An `error` frame after so many frames, then the end; its data is JSON or plain text. */
  z.strictObject({
    kind: z.literal("error_frame"),
    ...stream,
    frames: z.int().min(0),
    message: z.string(),
    plain: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal("timeout_frame"), ...stream, frames: z.int().min(0) }),
  /** `Last-Event-ID` is ignored. */
  z.strictObject({ kind: z.literal("replay"), ...stream }),
  z.strictObject({ kind: z.literal("state_first"), ...stream }),
  /** The stream ends without an `end` frame. */
  z.strictObject({ kind: z.literal("no_end"), ...stream }),
  /** The `end` frame has another name. */
  z.strictObject({
    kind: z.literal("end_name"),
    ...stream,
    name: z.enum(["done", "run.completed", "run.failed", "run.cancelled", "run.canceled"]),
  }),
  /** Every so many event frames: two change places, one comes twice, one is not JSON, one is missing. */
  z.strictObject({ kind: z.literal("reorder"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("duplicate"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("garble"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("lose"), ...stream, every: Every }),
  /** Every so many event frames a frame with a name nobody knows comes before. */
  z.strictObject({ kind: z.literal("unknown_frame"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("unnamed"), ...stream }),
  z.strictObject({ kind: z.literal("no_ids"), ...stream }),
  z.strictObject({ kind: z.literal("empty_ids"), ...stream }),
  /** `sequence_number` is null in the data. */
  z.strictObject({ kind: z.literal("no_sequence"), ...stream }),
  /** Cumulative `run` snapshots in place of events. */
  z.strictObject({ kind: z.literal("legacy"), ...stream }),
  z.strictObject({ kind: z.literal("crlf"), ...stream }),
  /** Data spread over several `data:` lines. */
  z.strictObject({ kind: z.literal("multiline"), ...stream }),
  z.strictObject({ kind: z.literal("comments"), ...stream }),
  /** Chunks of so many characters, wherever that cuts a frame. */
  z.strictObject({ kind: z.literal("chop"), ...stream, chars: z.int().min(1) }),
]);
export type FaultRule = z.output<typeof FaultRuleSchema>;
export type FaultKind = FaultRule["kind"];

export const FaultPlanSchema = z.strictObject({ seed: z.int().optional(), rules: z.array(FaultRuleSchema) });
export type FaultPlan = z.output<typeof FaultPlanSchema>;

/** What happens once unless `times` says otherwise; the rest are properties of the service. */
const ONCE = new Set<FaultKind>([
  "status",
  "drop",
  "hang",
  "delay",
  "late_reply",
  "lost_reply",
  "fail_build",
  "slow_cancel",
  "late_cancel",
  "cut",
  "stall",
  "error_frame",
  "timeout_frame",
  "replay",
  "no_end",
]);

const NONE: readonly FaultRule[] = [];

export class Faults {
  readonly #rules: { readonly rule: FaultRule; seen: number }[];
  /** For the faults that draw lots; independent of the ambient's randomness. */
  readonly random: () => number;

  constructor(plan: FaultPlan | undefined) {
    this.#rules = plan === undefined ? [] : FaultPlanSchema.parse(plan).rules.map((rule) => ({ rule, seen: 0 }));
    this.random = seededRandom(plan?.seed ?? 1);
  }

  /** The rules that hit this request; each counts it. */
  take(operation: Operation): readonly FaultRule[] {
    if (this.#rules.length === 0) return NONE;
    let hit: FaultRule[] | undefined;
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.where !== operation && rule.where !== "any") continue;
      const number = entry.seen;
      entry.seen += 1;
      const first = rule.after ?? 0;
      const times = rule.times ?? (ONCE.has(rule.kind) ? 1 : Number.POSITIVE_INFINITY);
      if (number < first || number >= first + times) continue;
      hit ??= [];
      hit.push(rule);
    }
    return hit ?? NONE;
  }
}

/** The first rule of a kind. */
export function ruleOf<K extends FaultKind>(
  rules: readonly FaultRule[],
  kind: K,
): Extract<FaultRule, { kind: K }> | undefined {
  return rules.find((rule): rule is Extract<FaultRule, { kind: K }> => rule.kind === kind);
}
