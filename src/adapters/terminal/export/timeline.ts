/**
 * Where the items of a run are between its beginning and its end. The service states when a run was created, started and ended,
 * and how long some thoughts and tools took; of all else only the order is known. So what is known has its length, what is not
 * known shares the rest of the time evenly, and each bar says which of the two it is.
 */
import type { RunTranscript } from "../../../core/index.ts";
import type { Item } from "./story.ts";

export const LANES = ["queue", "model", "tools", "approvals"] as const;
export type Lane = (typeof LANES)[number];

export interface Bar {
  lane: Lane;
  /** Row within the lane: tools that work side by side are below each other. */
  row: number;
  /** From 0, the beginning, to 1, the end. */
  from: number;
  to: number;
  /** Whether its length is stated, and not only its place in the order. */
  isStated: boolean;
  /** What it shows; absent for the queue. */
  item?: Item;
}

export interface Timeline {
  /** Milliseconds from beginning to end; absent where the record has no times. */
  totalMs?: number;
  bars: Bar[];
  /** Where each item is, in their order. */
  spans: { from: number; to: number; isStated: boolean }[];
}

/** Rows of one lane: what does not fit is drawn over the last one. */
const MAX_ROWS = 6;

/** A moment as far as it is known: milliseconds, and shares of the time that nothing is known of. */
interface Moment {
  ms: number;
  shares: number;
}

export function timelineOf(transcript: RunTranscript, items: readonly Item[]): Timeline {
  const { createdAt, startedAt, endedAt, readAt } = transcript;
  const begin = createdAt ?? startedAt;
  const totalMs = begin === undefined ? undefined : Math.max(0, (endedAt ?? readAt) - begin);
  const queueMs =
    createdAt === undefined || startedAt === undefined ? 0 : Math.min(totalMs ?? 0, Math.max(0, startedAt - createdAt));
  const moments = momentsOf(transcript, items);
  const place = placer(moments, { queueMs, runMs: totalMs === undefined ? undefined : totalMs - queueMs });
  const spans = items.map((item) => {
    const { begin: from, end: to } = endsOf(item);
    const isStated = item.tookMs !== undefined && shares(moments, to) === shares(moments, from);
    return { from: place(from), to: item.to === undefined ? 1 : place(to), isStated };
  });
  const bars: Bar[] = [];
  if (queueMs > 0) bars.push({ lane: "queue", row: 0, from: 0, to: place(-1), isStated: true });
  const rows: Record<Lane, number[]> = { queue: [], model: [], tools: [], approvals: [] };
  for (const [index, item] of items.entries()) {
    const lane = laneOf(item);
    const span = spans[index];
    if (lane === undefined || !span) continue;
    if (lane === "tools") addModelBar(bars, item, place);
    bars.push({ lane, row: lane === "model" ? 0 : rowFor(rows[lane], span), ...span, item });
  }
  return { bars, spans, ...(totalMs === undefined ? {} : { totalMs }) };
}

function laneOf({ kind }: Item): Exclude<Lane, "queue"> | undefined {
  if (kind === "text" || kind === "thinking") return "model";
  if (kind === "tool") return "tools";
  return kind === "approval" ? "approvals" : undefined;
}

/** A text arrives when the model has written it: it begins where the entry before it ended. A tool begins with its call. */
function endsOf(item: Item): { begin: number; end: number } {
  const isWritten = item.kind === "text" || item.kind === "thinking";
  return { begin: isWritten ? item.from - 1 : item.from, end: item.to ?? item.from };
}

/** The model has written the call before the tool begins. */
function addModelBar(bars: Bar[], item: Item, place: (entry: number) => number): void {
  const [from, to] = [place(item.from - 1), place(item.from)];
  if (to > from) bars.push({ lane: "model", row: 0, from, to, isStated: false, item });
}

/** Returns the moment of each entry, and one for the end of a run that goes on. */
function momentsOf({ entries, endedAt }: RunTranscript, items: readonly Item[]): Moment[] {
  const ends = new Map<number, Item>();
  for (const item of items) if (item.to !== undefined && item.to !== item.from) ends.set(item.to, item);
  const moments: Moment[] = [];
  let now: Moment = { ms: 0, shares: 0 };
  for (const [at, { event, tookMs }] of entries.entries()) {
    const before = entries[at - 1]?.event.type;
    const began = moments[ends.get(at)?.from ?? at];
    if (event.type === "tool_result" && tookMs !== undefined && began) {
      now = { ...now, ms: Math.max(now.ms, began.ms + tookMs) };
    } else if (event.type === "thinking" && tookMs !== undefined) {
      now = { ...now, ms: now.ms + tookMs };
    } else if (TAKES_TIME.has(event.type) && !(AT_ONCE.has(event.type) && before === event.type)) {
      now = { ...now, shares: now.shares + 1 };
    }
    moments.push(now);
  }
  if (endedAt === undefined) moments.push({ ...now, shares: now.shares + 1 });
  return moments;
}

const TAKES_TIME: ReadonlySet<string> = new Set(["text", "thinking", "tool_call", "tool_result", "decision"]);
/** Several of them in a row come together. */
const AT_ONCE: ReadonlySet<string> = new Set(["tool_call", "decision"]);

function shares(moments: readonly Moment[], entry: number): number {
  return moments[entry]?.shares ?? 0;
}

/** Returns a function that says where an entry is; -1 is the start of the run. */
function placer(moments: readonly Moment[], { queueMs, runMs }: { queueMs: number; runMs: number | undefined }) {
  const last = moments.at(-1) ?? { ms: 0, shares: 0 };
  // Without times a share is as long as what is stated on average, so that both can be seen.
  const share = runMs === undefined ? Math.max(1, last.ms / Math.max(1, moments.length)) : rest(runMs, last);
  const known = last.ms + last.shares * share;
  const scale = runMs === undefined || known <= runMs ? 1 : runMs / known;
  const total = queueMs + Math.max(runMs ?? known, known * scale);
  return (entry: number): number => {
    const { ms, shares: count } = moments[Math.min(entry, moments.length - 1)] ?? { ms: 0, shares: 0 };
    return total === 0 ? 0 : Math.min(1, (queueMs + (ms + count * share) * scale) / total);
  };
}

/** What one share is of the time that is not stated. */
function rest(runMs: number, last: Moment): number {
  return last.shares === 0 ? 0 : Math.max(0, runMs - last.ms) / last.shares;
}

/** Returns the first row that is free by then, and takes it. */
function rowFor(rows: number[], { from, to }: { from: number; to: number }): number {
  const free = rows.findIndex((end) => end <= from);
  const row = free >= 0 ? free : Math.min(rows.length, MAX_ROWS - 1);
  rows[row] = Math.max(to, rows[row] ?? 0);
  return row;
}
