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
export const cpuMs = (pid: number | undefined): number => ticks(pid, 11);

/** Milliseconds on a processor of all processes that this one, or one of them, has started and that have ended; to 10 ms. */
export const endedCpuMs = (): number => ticks("self", 13);

/** Of two fields of the process's `stat`, counted from the one behind its name. */
function ticks(pid: number | string | undefined, from: number): number {
  // What stands before the last `)` is the program's name, which may hold anything.
  const [, fields = ""] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
  const both = fields.split(" ").slice(from, from + 2);
  return both.reduce((sum, tick) => sum + Number(tick) * 10, 0);
}

function sum(path: string, pattern: RegExp): number {
  let kib = 0;
  for (const [, figure] of readFileSync(path, "utf8").matchAll(pattern)) kib += Number(figure);
  return kib * 1024;
}
