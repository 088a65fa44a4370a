/** The tables all benchmarks end in. */
import type { Change } from "./compare.ts";
import type { NamedRow } from "./sitting.ts";

const HEAD = ["", "what", "median", "baseline", "figure", "target", ""];
const CHANGES = ["", "what", "before", "now", ""];

export const table = (rows: readonly NamedRow[]): string =>
  written(
    HEAD,
    rows.map(({ id, what, measured, baseline = "", figure, target = "", met }) => [
      id,
      what,
      measured,
      baseline,
      figure,
      target,
      met === undefined ? "" : met ? "pass" : "MISS",
    ]),
  );

export const changesTable = (changes: readonly Change[]): string =>
  written(
    CHANGES,
    changes.map(({ id, what, before, now, verdict, why }) => [
      id,
      what,
      before,
      now,
      why ? `${verdict}: ${why}` : verdict,
    ]),
  );

function written(head: readonly string[], cells: readonly string[][]): string {
  const widths = head.map((name, at) => Math.max(3, name.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(head), rule, ...cells.map(line)].join("\n");
}
