/** One sitting of the benchmarks as a JSON file, for a comparison with a later one. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import type { Row } from "./benchmark.ts";

export type NamedRow = Row & { id: string };

export interface Sitting {
  node: string;
  machine: string;
  /** Below 1 the loads were smaller. */
  scale: number;
  rows: readonly NamedRow[];
}

export function sittingOf(rows: readonly NamedRow[], scale: number): Sitting {
  const [first] = cpus();
  const machine = `${process.platform} ${process.arch}, ${cpus().length} × ${first?.model.trim() ?? "unknown"}`;
  return { node: process.version, machine, scale, rows };
}

export function readSitting(path: string): Sitting {
  const sitting: Sitting = JSON.parse(readFileSync(path, "utf8"));
  if (!Array.isArray(sitting.rows)) throw new Error(`${path} is no result of the benchmarks (--json FILE writes one)`);
  return sitting;
}

export const writeSitting = (path: string, sitting: Sitting): void =>
  writeFileSync(path, `${JSON.stringify(sitting, null, 1)}\n`);
