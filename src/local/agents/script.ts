/**
 * Scripts for the built-in agent. A message may contain a line that starts with `@script `, followed by a JSON array of
 * steps; the agent then performs those. A step is an object with one verb and its options. A script with anything else
 * is refused, with the number of the step and the name of what is wrong.
 */
import * as z from "zod";
import { itemSources, JsonSource, memberSource } from "../../support/json-source.ts";
import { parseJson } from "../../support/objects.ts";
import { describeIssues } from "../../support/zod.ts";

const MAX_STEPS = 1000;
/** Most text that one script may produce: a mistyped repeat count must not fill the memory. */
const MAX_TEXT_CHARS = 16 * 1024 * 1024;
const MAX_REPEATS = 100_000;
const Wait = z.number().min(0).max(86_400_000);
const Repeats = z.int().min(1).max(MAX_REPEATS);
const Tools = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);
const Usd = z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, "expected a decimal string");
/** Whether a refusal ends the run. */
const OnRefusal = z.enum(["block", "continue"]).default("block");
const Tokens = z.int().min(0);

/**
 * Steps by verb. A step's verb is the first of these that it has: an option of a verb may have the name of a later one
 * (`tool` has the option `error`).
 */
const STEPS = {
  tool: z.strictObject({
    tool: z.string().min(1),
    args: z.unknown().optional(),
    result: z.unknown().optional(),
    error: z.boolean().optional(),
    ms: Wait.optional(),
  }),
  approve: z.strictObject({
    approve: Tools,
    args: z.unknown().optional(),
    reason: z.string().optional(),
    on_reject: OnRefusal,
  }),
  artifact: z.strictObject({
    artifact: z.strictObject({
      id: z.string().min(1),
      kind: z.string().min(1),
      title: z.string().optional(),
      url: z.string().optional(),
    }),
  }),
  status: z.strictObject({
    status: z.string().min(1),
    message: z.string().optional(),
    stop_reason: z.string().optional(),
  }),
  text: z.strictObject({ text: z.string(), n: Repeats.default(1), every_ms: Wait.default(0) }),
  think: z.strictObject({ think: z.string(), n: Repeats.default(1), every_ms: Wait.default(0) }),
  sleep_ms: z.strictObject({ sleep_ms: Wait }),
  error: z.strictObject({
    error: z.string(),
    code: z.string().optional(),
    cause: z.string().optional(),
    retryable: z.boolean().optional(),
  }),
  fail: z.strictObject({ fail: z.string() }),
  hang: z.strictObject({ hang: z.literal(true) }),
  usage: z.strictObject({
    usage: z.strictObject({
      input_tokens: Tokens.optional(),
      output_tokens: Tokens.optional(),
      compute_usd: Usd.optional(),
      inference_usd: Usd.optional(),
    }),
  }),
  output: z.strictObject({ output: z.string() }),
  interrupt: z.strictObject({ interrupt: z.string() }),
  egress: z.strictObject({
    egress: z.strictObject({
      host: z.string().min(1),
      port: z.int().min(1).max(65_535),
      method: z.string().optional(),
      path: z.string().optional(),
      reason: z.string().optional(),
      details: z.unknown().optional(),
    }),
    on_deny: OnRefusal,
  }),
  ask: z.strictObject({
    ask: z.string().min(1),
    payload: z.unknown().optional(),
    reason: z.string().optional(),
    on_deny: OnRefusal,
  }),
  raw: z.strictObject({ raw: z.record(z.string(), z.unknown()) }),
} as const;

type Verb = keyof typeof STEPS;
export type Step = { [V in Verb]: { verb: V } & z.output<(typeof STEPS)[V]> }[Verb];

const VERBS = Object.keys(STEPS) as Verb[];

/** Says what is wrong with a script; the run's status shows the message. */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
}

/** Returns the steps in `message`, or `undefined` when it has no script. Throws a `ScriptError`. */
export function parseScript(message: string): Step[] | undefined {
  const start = /^@script /m.exec(message);
  if (start === null) return undefined;
  const rest = message.slice(start.index + start[0].length);
  const [firstLine = ""] = rest.split("\n", 1);
  // The array normally ends with its line. One that a person wrote may span several, up to the end of the message.
  const oneLine = parseJson(firstLine);
  const steps = oneLine ?? parseJson(rest);
  if (!Array.isArray(steps)) throw new ScriptError("@script is not followed by a JSON array of steps");
  if (steps.length > MAX_STEPS) throw new ScriptError(`@script has more than ${MAX_STEPS} steps`);
  const sources = itemSources(oneLine == null ? rest : firstLine);
  let room = MAX_TEXT_CHARS;
  return steps.map((value: unknown, index) => {
    const step = readStep(value, index + 1);
    if (step.verb === "text") room -= step.text.length * step.n;
    if (step.verb === "think") room -= step.think.length * step.n;
    if (step.verb === "approve") step.args = exactArgs(sources[index]);
    if (room < 0) throw new ScriptError(`@script step ${index + 1}: the script produces more than 16 MiB of text`);
    return step;
  });
}

/** What a person has to approve keeps the digits it was written with. */
function exactArgs(source: string | undefined): JsonSource | undefined {
  const args = memberSource(source, "args");
  return args === undefined ? undefined : new JsonSource(args);
}

function readStep(value: unknown, number: number): Step {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ScriptError(`@script step ${number}: expected an object`);
  }
  const verb = VERBS.find((candidate) => Object.hasOwn(value, candidate));
  if (verb === undefined) throw new ScriptError(`@script step ${number}: expected one of ${VERBS.join(", ")}`);
  return readVerb(verb, value, number);
}

function readVerb<V extends Verb>(verb: V, value: object, number: number): Step {
  const parsed = STEPS[verb].safeParse(value);
  if (!parsed.success) throw new ScriptError(`@script step ${number} (${verb}): ${describeIssues(parsed.error)}`);
  return { verb, ...parsed.data } as Step;
}
