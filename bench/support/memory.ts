/** A process's memory and processor time as the system counts them. Linux only. */
import { existsSync, readFileSync } from "node:fs";

/** Whether this system tells. */
export const canTell = existsSync("/proc/self/smaps_rollup");

export const NOT_TOLD = "this system does not tell (no /proc)";

/** Bytes not shared with other processes: what the process costs the machine. */
export const privateBytes = (pid: number | undefined): number =>
  sum(`/proc/${pid}/smaps_rollup`, /^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm);

export const residentBytes = (pid: number | undefined): number => sum(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/gm);

/** Milliseconds on a processor since its start, the kernel's work for it included; to 10 ms. */
export function cpuMs(pid: number | undefined): number {
  // What stands before the last `)` is the program's name, which may hold anything.
  const [, fields = ""] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
  const ticks = fields.split(" ").slice(11, 13);
  return ticks.reduce((sum, tick) => sum + Number(tick) * 10, 0);
}

function sum(path: string, pattern: RegExp): number {
  let kib = 0;
  for (const [, figure] of readFileSync(path, "utf8").matchAll(pattern)) kib += Number(figure);
  return kib * 1024;
}
