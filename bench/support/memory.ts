/** A process's memory as the system counts it. Linux only. */
import { existsSync, readFileSync } from "node:fs";

/** Whether this system tells. */
export const canTell = existsSync("/proc/self/smaps_rollup");

export const NOT_TOLD = "this system does not tell (no /proc)";

/** Bytes nobody else shares: what the process costs the machine. */
export const privateBytes = (pid: number | undefined): number =>
  sum(`/proc/${pid}/smaps_rollup`, /^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm);

export const residentBytes = (pid: number | undefined): number => sum(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/gm);

function sum(path: string, pattern: RegExp): number {
  let kib = 0;
  for (const [, figure] of readFileSync(path, "utf8").matchAll(pattern)) kib += Number(figure);
  return kib * 1024;
}
