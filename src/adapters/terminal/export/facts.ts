/** What a document says of a run besides what happened in it. */
import { cutWords, type RunTranscript, withAdvice } from "../../../core/index.ts";
import { STATE_WORDS } from "../runs/run-rows.ts";
import { cost, duration, tokens } from "../screen/format.ts";

/** A transcript, and what is known from elsewhere. */
export interface Subject {
  transcript: RunTranscript;
  /** Name of the agent or deployment. */
  agent: string;
  /** Of this program. */
  version: string;
}

export interface Fact {
  name: string;
  value: string;
}

export function factsOf({ transcript, agent }: Subject): Fact[] {
  const { run, createdAt, startedAt, endedAt, readAt, usage, outcome } = transcript;
  const begin = startedAt ?? createdAt;
  const queued = createdAt === undefined || startedAt === undefined ? undefined : startedAt - createdAt;
  const facts: Record<string, string | undefined> = {
    agent,
    started: begin === undefined ? undefined : timeText(begin),
    took: begin === undefined ? undefined : duration((endedAt ?? readAt) - begin),
    queued: queued === undefined || queued < 100 ? undefined : duration(queued),
    cost: cost(usage),
    tokens: tokens(usage),
    run: run.runId,
    deployment: run.deploymentId || undefined,
    conversation: run.conversationId,
    "stop reason": outcome?.stopReason,
  };
  return Object.entries(facts).flatMap(([name, value]) => (value ? [{ name, value }] : []));
}

/** What a reader has to know of the whole: that it is not over, not all, or did not end well. */
export function warningsOf({ transcript }: Subject): string[] {
  const { state, detail, readAt, isWhole, outcome } = transcript;
  const warnings: string[] = [];
  if (!outcome) {
    const how = STATE_WORDS[state] + (detail === undefined ? "" : `: ${detail}`);
    warnings.push(`The run had not ended (${how}): this is what was known at ${timeText(readAt)}.`);
  }
  if (!isWhole) warnings.push("The log of the run could not be read to its end: something is missing here.");
  if (outcome?.error) warnings.push(withAdvice(outcome.error));
  if (outcome?.cut !== undefined && outcome.cut !== "log") warnings.push(`${cutWords(outcome.cut)}.`);
  return warnings;
}

/** In UTC: a document goes to people of other time zones. */
export function timeText(time: number): string {
  const iso = new Date(time).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
