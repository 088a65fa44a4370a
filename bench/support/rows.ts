/** Rows of the table from the samples of interleaved rounds. A figure is made of medians; its noise is that of the rounds. */
import type { Row } from "./benchmark.ts";
import { median } from "./stats.ts";
import { times } from "./units.ts";

interface Compared {
  what: string;
  /** A sample of each round. */
  ours: readonly number[];
  /** The baseline's, of the same rounds. */
  base: readonly number[];
  /** Writes a sample. */
  show(value: number): string;
}

interface Promised {
  /** The figure is promised to be at most this. */
  most?: number;
  /** Or at least this. */
  least?: number;
}

/** Ours as a multiple of the baseline. */
export function ratioRow(row: Compared & Promised & { showRatio?(value: number): string }): Row {
  const { what, ours, base, show, showRatio = times } = row;
  const figure = median(ours) / median(base);
  const rounds = ours.map((value, at) => value / (base[at] ?? Number.NaN));
  const shown = { what, measured: show(median(ours)), baseline: show(median(base)), figure: showRatio(figure) };
  return { ...shown, ...promise(row, figure, showRatio), rounds };
}

/** What ours has more than the baseline. */
export function aboveRow(row: Compared & Promised): Row {
  const { what, ours, base, show } = row;
  const figure = median(ours) - median(base);
  const showAbove = (value: number) => `${show(value)} above`;
  const rounds = ours.map((value, at) => value - (base[at] ?? Number.NaN));
  const shown = { what, measured: show(median(ours)), baseline: show(median(base)), figure: showAbove(figure) };
  return { ...shown, ...promise(row, figure, showAbove), rounds };
}

/** A figure without a baseline. */
export function aloneRow(row: Omit<Compared, "base"> & Promised): Row {
  const { what, ours, show } = row;
  const figure = median(ours);
  return { what, measured: show(figure), figure: show(figure), ...promise(row, figure, show), rounds: ours };
}

/** Something that is not measured here, and why. */
export const absentRow = (what: string, why: string): Row => ({ what, measured: why, figure: "" });

function promise({ most, least }: Promised, figure: number, show: (value: number) => string) {
  if (least !== undefined) return { target: `≥ ${show(least)}`, met: figure >= least, moreIsBetter: true };
  return most === undefined ? {} : { target: `≤ ${show(most)}`, met: figure <= most };
}
