/**
 * Answers that are not whole although their run completed. The reason for the stop is passed on from the model's own
 * service, each of which has words of its own (`length`, `max_tokens`, `MAX_TOKENS`, `content_filter`, `SAFETY`).
 */
export type Cut = "length" | "filter" | "steps" | "early" | "log";

/** The first that fits. */
const REASONS: readonly (readonly [cut: Cut, reason: RegExp])[] = [
  [
    "steps",
    /(max|many)_?(iteration|turn|step|(tool|function)_?(call|use))|(iteration|turn|step|recursion|(tool|function)(_?(call|use))?)s?_?limit/,
  ],
  ["length", /length|max\w{0,20}tokens|(tokens?|output|error)_?limit|context_?window|truncat|incomplete/],
  [
    "filter",
    /content_?filter|filtered|safety|recitation|blocklist|prohibited|spii|guardrail|refusal|sensitive|toxic|moderation|policy|blocked|copyright|hate|violence|self_?harm/,
  ],
  // A limit of any other kind, an end from outside, a failure.
  [
    "early",
    /limit|exceed|exhaust|budget|quota|overflow|out_of_|time_?out|timed_out|deadline|max_|cut_?off|partial|pause|interrupt|abort|cancel|preempt|loop_detected|no_progress|malformed|error|fail/,
  ],
];
/** A reason is a code. What is longer is a sentence, in which these words may mean anything. */
const MAX_REASON_CHARACTERS = 64;

const WORDS: Readonly<Record<Cut, string>> = {
  length: "the answer is cut off: the model reached its limit of length",
  filter: "the answer is cut off: a content filter stopped the model",
  log: "the answer is cut off: the run is too large to be read whole",
  steps: "the answer may be unfinished: the run reached its limit of steps",
  early: "the answer may be unfinished: the run was stopped early",
};

/** Returns what a reason for the stop says of the answer; undefined when it is whole, or not known to be cut. */
export function cutOf(stopReason: string | undefined): Cut | undefined {
  if (stopReason === undefined || stopReason.length > MAX_REASON_CHARACTERS) return undefined;
  const reason = stopReason.toLowerCase().replace(/[\s-]/g, "_");
  return REASONS.find(([, pattern]) => pattern.test(reason))?.[0];
}

/** Returns the sentence for people, without a full stop. */
export function cutWords(cut: Cut): string {
  return WORDS[cut];
}
