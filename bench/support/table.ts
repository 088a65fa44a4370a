/** The one table all benchmarks end in. */
import type { Row } from "./benchmark.ts";

const HEAD = ["", "what", "median", "baseline", "figure", "target", ""];

export function table(rows: readonly (Row & { id: string })[]): string {
  const cells = rows.map(({ id, what, measured, baseline = "", figure, target = "", met }) => [
    id,
    what,
    measured,
    baseline,
    figure,
    target,
    met === undefined ? "" : met ? "pass" : "MISS",
  ]);
  const widths = HEAD.map((head, at) => Math.max(3, head.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(HEAD), rule, ...cells.map(line)].join("\n");
}
