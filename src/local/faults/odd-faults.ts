/** The fault kind `odd`: a member of an answer, or of the frames of a stream, is changed to another JSON type. */
import type { LocalReply } from "../http/exchange.ts";
import type { Operation } from "../http/operations.ts";
import type { StreamFrame } from "../http/sse.ts";
import type { FaultRule, Faults } from "./faults.ts";
import { drawOddMember, type Json, type OddMember, withOddMember } from "./odd-member.ts";

type OddRule = Extract<FaultRule, { kind: "odd" }>;
const isOdd = (rule: FaultRule): rule is OddRule => rule.kind === "odd";

/** A drawn frame is one of the first so many of its stream. */
const DRAWN_FRAMES = 8;

/** Returns `reply` with the members changed that the rules name or draw. Only JSON successes have odd members. */
export function oddReply(
  rules: readonly FaultRule[],
  reply: LocalReply,
  operation: Operation,
  faults: Faults,
): LocalReply {
  const odd = rules.filter(isOdd);
  if (odd.length === 0 || typeof reply.body !== "string" || reply.status > 299) return reply;
  if (reply.headers["content-type"] !== "application/json") return reply;
  let value: Json = JSON.parse(reply.body);
  for (const rule of odd) {
    const drawn = drawOddMember(value, rule, faults.random);
    if (drawn === undefined) continue;
    value = withOddMember(value, drawn);
    faults.onOdd?.({ operation, ...drawn });
  }
  return { ...reply, body: JSON.stringify(value) };
}

/** Changes the frames of one stream. */
export class OddFrames {
  readonly #rules: FrameRule[];

  constructor(rules: readonly FaultRule[], faults: Faults) {
    this.#rules = rules.filter(isOdd).map((rule) => new FrameRule(rule, faults));
  }

  change(frame: StreamFrame): StreamFrame {
    if (this.#rules.length === 0) return frame;
    let value: Json = JSON.parse(frame.data);
    const kind = kindOf(frame, value);
    for (const rule of this.#rules) value = rule.change(kind, value);
    return { ...frame, data: JSON.stringify(value) };
  }
}

/**
 * A rule and what it has drawn for one stream. A member that is drawn in one frame is changed in every later frame of
 * the same kind: the service writes a member one way.
 */
class FrameRule {
  readonly #rule: OddRule;
  readonly #faults: Faults;
  /** Frames that are left out before a member is drawn. */
  #skip: number;
  #drawn: (OddMember & { kind: string }) | undefined;

  constructor(rule: OddRule, faults: Faults) {
    this.#rule = rule;
    this.#faults = faults;
    this.#skip = rule.path === undefined ? Math.floor(faults.random() * DRAWN_FRAMES) : 0;
  }

  change(kind: string, value: Json): Json {
    const { frame, path } = this.#rule;
    if (frame !== undefined && kind !== frame && !kind.startsWith(`${frame}/`)) return value;
    this.#drawn ??= this.#draw(kind, value);
    if (this.#drawn === undefined || (path === undefined && this.#drawn.kind !== kind)) return value;
    return withOddMember(value, this.#drawn);
  }

  #draw(kind: string, value: Json): (OddMember & { kind: string }) | undefined {
    this.#skip -= 1;
    if (this.#skip >= 0) return undefined;
    const drawn = drawOddMember(value, this.#rule, this.#faults.random);
    if (drawn === undefined) return undefined;
    this.#faults.onOdd?.({ operation: "stream", frame: kind, ...drawn });
    return { ...drawn, kind };
  }
}

/** Returns the name of a frame, with the type of an event. */
function kindOf({ name }: StreamFrame, value: Json): string {
  const type = value !== null && typeof value === "object" && !Array.isArray(value) ? value.type : undefined;
  return name === "run.event" && typeof type === "string" ? `${name}/${type}` : name;
}
