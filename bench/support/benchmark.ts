/** What a benchmark is given and what it answers. */

export interface Options {
  /** Interleaved rounds: in each, everything that is compared runs once. */
  rounds: number;
  /** 1 is the real thing; less makes loads smaller in proportion, to see that a benchmark works. */
  scale: number;
}

export interface Row {
  what: string;
  /** Median of the rounds, with its unit. */
  measured: string;
  /** The same of what it is compared with, where there is such a thing. */
  baseline?: string;
  /** What the target is about, e.g. `1.21 ×`. */
  figure: string;
  /** Absent where nothing was promised. */
  target?: string;
  met?: boolean;
  /** The figure of each round: its noise, for a comparison with another sitting. Absent where nothing was measured. */
  rounds?: readonly number[];
  /** Whether a larger figure is the better one. */
  moreIsBetter?: boolean;
}

export interface Benchmark {
  id: string;
  title: string;
  /** Rounds when none are asked for. */
  rounds: number;
  run(options: Options): Promise<Row[]>;
}

/** A load of `full`, scaled; never less than `least`. */
export const scaled = (full: number, { scale }: Options, least = 1): number =>
  Math.max(least, Math.round(full * scale));
