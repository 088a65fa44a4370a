/**
 * Fault plans: what goes wrong, at which operation, and how often. A plan is plain JSON, so that it can be printed with
 * a failing test and used again. A rule counts the requests that it matches: it leaves out the first `after` of them and
 * applies to the next `times`. Default: the first one for what happens to a request, all for a property of the service.
 */
import * as z from "zod";
import { OPERATIONS, type Operation } from "../http/operations.ts";
import { ODDITIES, type OddMember } from "./odd-member.ts";
import { seededRandom } from "./seeded.ts";

const Ms = z.number().min(0);
const Every = z.int().min(1);
const Counting = { after: z.int().min(0).optional(), times: z.int().min(1).optional() };
/** The operation that a rule applies to, or any (`list` is the list of runs, `record` the record of one). */
const anywhere = { where: z.enum([...OPERATIONS, "any"]), ...Counting };
const at = <const W extends Operation>(where: W) => ({ where: z.literal(where), ...Counting });
const stream = at("stream");
/** A kind of frame: its name, followed by the type where only one type of event is meant. */
const Frame = z.union([
  z.enum(["run.event", "run.state", "replay_complete", "end"]),
  z.templateLiteral(["run.event/", z.string().min(1)]),
]);

export const FaultRuleSchema = z.discriminatedUnion("kind", [
  /** The request is refused before anything is done. `body` names a shape, or is the JSON itself. */
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
  /** There is no response. */
  z.strictObject({ kind: z.literal("hang"), ...anywhere }),
  z.strictObject({ kind: z.literal("delay"), ...anywhere, ms: Ms }),
  /** The operation is carried out, but its response comes `ms` later. */
  z.strictObject({ kind: z.literal("late_reply"), ...anywhere, ms: Ms }),
  /** The operation is carried out, but its response is lost: dropped, replaced by an error of the edge, or cut. */
  z.strictObject({
    kind: z.literal("lost_reply"),
    ...anywhere,
    answer: z.enum(["drop", "unavailable", "html", "cut", "hang"]),
    retry_after: z.number().optional(),
  }),
  /** The response arrives inside a gateway's own `{status, body}`. */
  z.strictObject({ kind: z.literal("wrap"), ...anywhere, form: z.enum(["object", "string"]) }),
  /**
   * One member of the answer has another JSON type: `path` (`data[].name`, in a stream `arguments`) is changed to
   * `oddity`, in the `form`th of its values. What the rule does not name is drawn for each request among the members that are not to be `spare`d.
   */
  z
    .strictObject({
      kind: z.literal("odd"),
      ...anywhere,
      path: z.string().min(1).optional(),
      oddity: z.enum(ODDITIES).optional(),
      form: z.int().min(0).optional(),
      /** The frames of a stream in which a member is changed. Default: all. */
      frame: Frame.optional(),
      spare: z.array(z.string()).optional(),
    })
    .refine(({ where, frame }) => frame === undefined || where === "stream" || where === "any", {
      path: ["frame"],
      error: "only a stream has frames",
    }),
  /** Reads are `ms` behind; with `events_only` the status is current and the events are not. */
  z.strictObject({ kind: z.literal("lag"), ...anywhere, ms: Ms, events_only: z.boolean().optional() }),
  /** Runs are refused with "still starting" until `ms` after the deployment was created. */
  z.strictObject({ kind: z.literal("starting"), ...at("create_run"), ms: Ms }),
  /** The run's sequence leaves out up to `most` numbers before an event. */
  z.strictObject({ kind: z.literal("holes"), ...at("create_run"), most: z.int().min(1) }),
  /** The run is interrupted after so many events, as by a restart of its runtime, when its agent next waits. */
  z.strictObject({ kind: z.literal("interrupt"), ...at("create_run"), events: z.int().min(0) }),
  /**
   * A turn of a conversation that has an active run is a failed run whose only event says so, or is refused
   * (docs/reference/seren-cloud-api.md, section 12.3). The code depends on whether the active run awaits approval.
   */
  z.strictObject({ kind: z.literal("busy"), ...at("create_run"), form: z.enum(["run", "refusal"]).optional() }),
  z.strictObject({ kind: z.literal("fail_build"), ...at("deploy"), message: z.string() }),
  /** The build takes `ms`. */
  z.strictObject({ kind: z.literal("slow_build"), ...at("deploy"), ms: Ms }),
  /** The cancel is accepted and takes effect `ms` later. */
  z.strictObject({ kind: z.literal("slow_cancel"), ...at("cancel"), ms: Ms }),
  /** The cancel is accepted, but the run completes first. */
  z.strictObject({ kind: z.literal("late_cancel"), ...at("cancel") }),
  /** The connection breaks after so many frames or characters; with `clean` the stream ends as a complete one does. */
  z.strictObject({
    kind: z.literal("cut"),
    ...stream,
    frames: z.int().min(0).optional(),
    chars: z.int().min(0).optional(),
    clean: z.boolean().optional(),
  }),
  /** The stream stops after so many frames, for `ms`; without `ms`, until it is closed. */
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
  /** Every so many event frames: two are swapped, one is repeated, one is not JSON, one is missing. */
  z.strictObject({ kind: z.literal("reorder"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("duplicate"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("garble"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("lose"), ...stream, every: Every }),
  /** A frame with an unknown name is sent before every so many event frames. */
  z.strictObject({ kind: z.literal("unknown_frame"), ...stream, every: Every }),
  z.strictObject({ kind: z.literal("unnamed"), ...stream }),
  z.strictObject({ kind: z.literal("no_ids"), ...stream }),
  z.strictObject({ kind: z.literal("empty_ids"), ...stream }),
  /** `sequence_number` is null in the data. */
  z.strictObject({ kind: z.literal("no_sequence"), ...stream }),
  /** Cumulative `run` snapshots in place of events. */
  z.strictObject({ kind: z.literal("legacy"), ...stream }),
  z.strictObject({ kind: z.literal("crlf"), ...stream }),
  /** The data is spread over several `data:` lines. */
  z.strictObject({ kind: z.literal("multiline"), ...stream }),
  z.strictObject({ kind: z.literal("comments"), ...stream }),
  /** Chunks of so many characters, which may cut a frame anywhere. */
  z.strictObject({ kind: z.literal("chop"), ...stream, chars: z.int().min(1) }),
]);
export type FaultRule = z.output<typeof FaultRuleSchema>;
export type FaultKind = FaultRule["kind"];

export const FaultPlanSchema = z.strictObject({ seed: z.int().optional(), rules: z.array(FaultRuleSchema) });
export type FaultPlan = z.output<typeof FaultPlanSchema>;

/** Kinds that apply once unless `times` says otherwise. The others are properties of the service. */
const ONCE = new Set<FaultKind>([
  "status",
  "drop",
  "hang",
  "delay",
  "late_reply",
  "lost_reply",
  "interrupt",
  "fail_build",
  "slow_build",
  "slow_cancel",
  "late_cancel",
  "cut",
  "stall",
  "error_frame",
  "timeout_frame",
  "replay",
  "no_end",
]);

/** A member of an answer that was changed. */
export interface OddReport extends OddMember {
  operation: Operation;
  /** Name of the frame, with the type of an event: `run.event/text`. Absent for an answer that is no stream. */
  frame?: string;
}

export class Faults {
  readonly #rules: { readonly rule: FaultRule; seen: number }[];
  /** Random numbers for faults, in [0, 1); independent of those of the ambient. */
  readonly random: () => number;
  readonly onOdd: ((report: OddReport) => void) | undefined;

  /** `onOdd` is called with every member that is changed. Throws when the plan is malformed. */
  constructor(plan: FaultPlan | undefined, onOdd?: (report: OddReport) => void) {
    this.onOdd = onOdd;
    this.#rules = plan === undefined ? [] : FaultPlanSchema.parse(plan).rules.map((rule) => ({ rule, seen: 0 }));
    this.random = seededRandom(plan?.seed ?? 1);
  }

  /** Counts a request to `operation`. Returns the rules that apply to it. */
  take(operation: Operation): readonly FaultRule[] {
    const applying: FaultRule[] = [];
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.where !== operation && rule.where !== "any") continue;
      const number = entry.seen;
      entry.seen += 1;
      const first = rule.after ?? 0;
      const times = rule.times ?? (ONCE.has(rule.kind) ? 1 : Number.POSITIVE_INFINITY);
      if (number < first || number >= first + times) continue;
      applying.push(rule);
    }
    return applying;
  }
}

/** Returns the first rule of a kind. */
export function ruleOf<K extends FaultKind>(
  rules: readonly FaultRule[],
  kind: K,
): Extract<FaultRule, { kind: K }> | undefined {
  return rules.find((rule): rule is Extract<FaultRule, { kind: K }> => rule.kind === kind);
}
