/** The timeline, and the charts of tokens and cost: pictures of our own making, without a library. */
import type { Usage } from "../../../../core/index.ts";
import { cost, duration } from "../../screen/format.ts";
import { costParts, type SpreadPoint } from "../spread.ts";
import type { Item } from "../story.ts";
import { type Bar, LANES, type Lane, type Timeline } from "../timeline.ts";
import { html, type Markup } from "./markup.ts";

const ROW = 16;
const BAR = 12;
/** In percent: a shorter bar could not be seen. */
const LEAST_WIDTH = 0.4;
const LANE_NAMES: Readonly<Record<Lane, string>> = {
  queue: "Queue",
  model: "Model",
  tools: "Tools",
  approvals: "Approvals",
};
const TICKS: readonly (readonly [unitMs: number, steps: readonly number[]])[] = [
  [1, [1, 2, 5, 10, 20, 50, 100, 200, 500]],
  [1_000, [1, 2, 5, 10, 15, 30]],
  [60_000, [1, 2, 5, 10, 15, 30]],
  [3_600_000, [1, 2, 6, 12, 24, 48]],
];
const STEPS_MS = TICKS.flatMap(([unitMs, steps]) => steps.map((step) => step * unitMs));
const MOST_TICKS = 6;

export function lanesOf(timeline: Timeline): Markup {
  const lanes = LANES.flatMap((lane) => {
    const bars = timeline.bars.filter((bar) => bar.lane === lane);
    return bars.length === 0 ? [] : [html`<div>${LANE_NAMES[lane]}</div>${laneOf(bars)}`];
  });
  return html`<div class="lanes">${lanes}${axisOf(timeline.totalMs)}</div>`;
}

function laneOf(bars: readonly Bar[]): Markup {
  const rows = 1 + bars.reduce((most, { row }) => Math.max(most, row), 0);
  return html`<svg height="${rows * ROW}" role="img"><rect class="rail" width="100%" height="${rows * ROW}" rx="4"/>${bars.map(barOf)}</svg>`;
}

function barOf({ lane, row, from, to, isStated, item }: Bar): Markup {
  const name = item === undefined ? "waited in the queue" : titleOf(item);
  return html`<rect class="${lane}${isBad(item) && lane === "tools" ? " failed" : ""}${isStated ? "" : " guess"}" x="${percent(from)}" y="${row * ROW + (ROW - BAR) / 2}" width="${widthOf(from, to)}" height="${BAR}" rx="2"><title>${name}</title></rect>`;
}

/** The same for one step: where it is in the run. */
export function trackOf(item: Item, { from, to, isStated }: Timeline["spans"][number]): Markup {
  const lane: Lane = item.kind === "tool" ? "tools" : item.kind === "approval" ? "approvals" : "model";
  return html`<svg class="track" aria-hidden="true"><rect class="rail" width="100%" height="5" rx="2.5"/><rect class="${lane}${isBad(item) ? " failed" : ""}${isStated ? "" : " guess"}" x="${percent(from)}" width="${widthOf(from, to)}" height="5" rx="2.5"/></svg>`;
}

export function isBad(item: Item | undefined): boolean {
  return item?.kind === "tool" && item.result?.isError === true;
}

function titleOf(item: Item): string {
  const took = item.tookMs === undefined ? "" : `, ${duration(item.tookMs)}`;
  if (item.kind === "tool") return `tool ${item.name}${took}`;
  if (item.kind === "approval") return `waited for an approval${item.tool === undefined ? "" : ` of ${item.tool}`}`;
  return item.kind === "thinking" ? `thought${took}` : "wrote the answer";
}

function axisOf(totalMs: number | undefined): Markup {
  const step = STEPS_MS.find((ms) => totalMs !== undefined && totalMs / ms <= MOST_TICKS) ?? STEPS_MS.at(-1) ?? 1;
  if (totalMs === undefined || totalMs <= 0)
    return html`<div></div><div class="axis">in order; the times are not known</div>`;
  const ticks = Array.from(
    { length: Math.min(MOST_TICKS, Math.floor(totalMs / step)) + 1 },
    (_, index) => index * step,
  );
  const marks = ticks.map((ms) => {
    const at = ms / totalMs;
    const anchor = at < 0.04 ? "start" : at > 0.94 ? "end" : "middle";
    return html`<text x="${percent(at)}" y="12" text-anchor="${anchor}">${ms === 0 ? "0" : tick(ms)}</text>`;
  });
  return html`<div></div><svg class="axis" height="16" aria-hidden="true">${marks}</svg>`;
}

function tick(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${ms / 1_000} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 6_000) / 10} min` : `${Math.round(ms / 360_000) / 10} h`;
}

export function spreadCharts(usage: Usage, points: readonly SpreadPoint[]): Markup {
  const { compute, inference } = costParts({ usage });
  const total = compute + inference;
  const share = total > 0 ? compute / total : 0;
  const { inputTokens, outputTokens } = usage;
  const shareIn = inputTokens / Math.max(1, inputTokens + outputTokens);
  const flat = points.map(({ at }) => ({ at, up: shareIn }));
  const written = points.map(({ at, written }) => ({ at, up: shareIn + written * (1 - shareIn) }));
  const computed = points.map(({ at, computed }) => ({ at, up: computed * share }));
  const spent = points.map(({ at, computed, written }) => ({ at, up: computed * share + written * (1 - share) }));
  return html`<div class="charts"><div class="card chart"><strong>${cost(usage) ?? "not known"}</strong><span><i class="dot d2"></i>computing ${dollars(compute)} <i class="dot d1"></i>model ${dollars(inference)}</span>${area(spent, computed)}</div><div class="card chart"><strong>${number(inputTokens + outputTokens)} tokens</strong><span><i class="dot d2"></i>read ${number(inputTokens)} <i class="dot d1"></i>written ${number(outputTokens)}</span>${area(written, flat)}</div></div>`;
}

interface AreaPoint {
  at: number;
  up: number;
}

/** Two areas, one upon the other. */
function area(upper: readonly AreaPoint[], lower: readonly AreaPoint[]): Markup {
  const path = (points: readonly AreaPoint[]) =>
    points.map(({ at, up }) => `L${coordinate(at)} ${coordinate(1 - up)}`).join("");
  const floor = (points: readonly AreaPoint[]) => [
    { at: points.at(-1)?.at ?? 1, up: 0 },
    { at: points[0]?.at ?? 0, up: 0 },
  ];
  const start = (points: readonly AreaPoint[]) => `M${coordinate(points[0]?.at ?? 0)} ${coordinate(1)}`;
  return html`<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" width="1000" height="1000"/><path class="a1" d="${start(upper)}${path(upper)}${path(lower.toReversed())}Z"/><path class="a2" d="${start(lower)}${path(lower)}${path(floor(lower))}Z"/></svg>`;
}

function dollars(amount: number): string {
  return `$${amount.toFixed(4)}`;
}

function number(amount: number): string {
  return amount.toLocaleString("en");
}

function coordinate(part: number): number {
  return Math.round(part * 10_000) / 10;
}

function percent(part: number): string {
  return `${(Math.min(part, 1 - LEAST_WIDTH / 100) * 100).toFixed(2)}%`;
}

function widthOf(from: number, to: number): string {
  return `${Math.max(LEAST_WIDTH, (to - from) * 100).toFixed(2)}%`;
}
