/** Whether the cost of something grows faster than its input. */
import { performance } from "node:perf_hooks";

/** Linear work takes twice as long for twice as much, quadratic work four times. */
const MAX_GROWTH = 2.6;
/** The sizes double from the first to the last: what is quadratic is found where it takes a second, not where it takes minutes. */
const SMALL = 32 * 1024;
const LARGE = 512 * 1024;
/**
 * Below this, in milliseconds, linear work is measured mostly as noise of the machine. Quadratic work takes longer at one of
 * the sizes.
 */
const FLOOR_MS = 250;
const SMALL_FLOOR_MS = 60;
const ROUNDS = 4;
const MEASUREMENTS = 3;

export interface Growth {
  /** Characters of the larger input. */
  size: number;
  ratio: number;
  ms: number;
}

/**
 * Returns how `work` grows when it takes more than `MAX_GROWTH` times as long for twice as much, at some size from 32 to 512
 * KiB; undefined when it does not. The shortest of several rounds counts.
 */
export function growthOf(work: (input: string) => void, inputOf: (size: number) => string): Growth | undefined {
  for (let size = SMALL; size <= LARGE; size *= 2) {
    const growth = tooMuch(work, inputOf, size, size === SMALL ? SMALL_FLOOR_MS : FLOOR_MS);
    if (growth) return growth;
  }
  return undefined;
}

function tooMuch(
  work: (input: string) => void,
  inputOf: (size: number) => string,
  size: number,
  floorMs: number,
): Growth | undefined {
  const input = inputOf(size);
  if (shortest(work, input, 1) < floorMs) return undefined;
  // Another process may take the machine during one measurement: what is too much must be so each time.
  let growth: Growth | undefined;
  for (let measured = 0; measured < MEASUREMENTS; measured += 1) {
    const half = shortest(work, inputOf(size / 2), ROUNDS);
    const ms = shortest(work, input, ROUNDS);
    if (ms < floorMs || ms <= MAX_GROWTH * half) return undefined;
    growth = { size, ratio: ms / half, ms };
  }
  return growth;
}

/**
 * In milliseconds: of the clock, or of the processor where that is less. A busy machine makes the first longer, threads that
 * collect garbage the second.
 */
function shortest(work: (input: string) => void, input: string, rounds: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const began = { at: performance.now(), cpu: process.cpuUsage() };
    work(input);
    const { user, system } = process.cpuUsage(began.cpu);
    best = Math.min(best, performance.now() - began.at, (user + system) / 1_000);
  }
  return best;
}

/** Returns `length` characters of `unit` again and again, between `lead` and `end`. */
export function repeated(unit: string, length: number, { lead = "", end = "" } = {}): string {
  const room = Math.max(unit.length, length - lead.length - end.length);
  return lead + unit.repeat(Math.ceil(room / unit.length)).slice(0, room) + end;
}
