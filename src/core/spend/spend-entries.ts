/** The ledger of what runs cost: lines that are only ever added, and what they say together of each run. */

/** What is noted of a run. Lines about one run may be repeated; the highest cost counts. */
export type SpendLine =
  /** A run is about to be started. */
  | { kind: "start"; id: string; at: number; host: string; agent: string }
  | { kind: "run"; id: string; run: string; deployment: string }
  | { kind: "cost"; run: string; micros: number }
  | { kind: "end"; run: string; micros?: number | undefined }
  /** No run was started after all; one that is noted all the same, before or after, was. */
  | { kind: "none"; id: string };

export interface SpendEntry {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  host: string;
  agent: string;
  runs: string[];
  deployment?: string;
  /** What it has cost as far as is known, in millionths of a dollar. */
  micros: number;
  /** Whether it goes on, as far as is known. */
  open: boolean;
}

export interface SpendLedger {
  /** Returns the lines since then, in order. Rejects when they cannot be read. */
  read(since: number): Promise<SpendLine[]>;
  /** Resolves when the line is written. */
  append(line: SpendLine): Promise<void>;
  /** Runs `work` while no other process does. */
  exclusively<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** The agent of a start that goes on with a conversation, until it is known where that is at home. */
export const CONTINUED = "conversation";

/** No run goes on longer. */
export const LONGEST_RUN_MS = 24 * 60 * 60_000;
/** A start that did not become a run within this time has failed. */
const LONGEST_START_MS = 30 * 60_000;

export function entriesOf(lines: readonly SpendLine[], now: number): SpendEntry[] {
  const entries = new Map<string, SpendEntry>();
  const costs = new Map<string, number>();
  const ended = new Set<string>();
  const none = new Set<string>();
  for (const line of lines) {
    if (line.kind === "start") {
      const { id, at, host, agent } = line;
      entries.set(id, { id, at, host, agent, runs: [], micros: 0, open: true });
    } else if (line.kind === "run") {
      const entry = entries.get(line.id);
      if (!entry || entry.runs.includes(line.run)) continue;
      entry.runs.push(line.run);
      entry.deployment = line.deployment;
      if (entry.agent === CONTINUED) entry.agent = line.deployment;
    } else if (line.kind === "none") none.add(line.id);
    else {
      costs.set(line.run, Math.max(costs.get(line.run) ?? 0, line.micros ?? 0));
      if (line.kind === "end") ended.add(line.run);
    }
  }
  for (const entry of entries.values()) {
    const { id, at, runs } = entry;
    const last = runs.at(-1);
    if (last === undefined && none.has(id)) entries.delete(id);
    entry.micros = runs.reduce((sum, run) => sum + (costs.get(run) ?? 0), 0);
    const isOver = last === undefined ? now - at > LONGEST_START_MS : ended.has(last);
    entry.open = !isOver && now - at <= LONGEST_RUN_MS;
  }
  return [...entries.values()];
}
