import { DEFINITIONS, FIRST_ASK, OPEN_SESSION } from "./support/asks.ts";
import type { Benchmark, Row } from "./support/benchmark.ts";
import { measuredNodes, type Node } from "./support/nodes.ts";
import { ownHome } from "./support/own-home.ts";
import { baseline, npmBuild, withScratch } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { compareStarts, oneStart } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

const MOST = 1.9;
/** Where Node keeps compiled code. */
const MOST_WITH_CACHE = 1.5;

const REAL = [
  ["courier", "courier.open_session", [OPEN_SESSION]],
  ["roder", "subagents/definitions", [FIRST_ASK.roder, DEFINITIONS]],
] as const;

/** The first reply is ready made; this one needs the program. It is what every turn pays. */
export const secondReply: Benchmark = {
  id: "B11",
  title: "cold start, spawn → reply to the first real request",
  rounds: 40,
  async run({ rounds }) {
    const rows: Row[] = [];
    for (const node of measuredNodes()) rows.push(...(await withScratch((folder) => measured(node, folder, rounds))));
    return rows;
  },
};

async function measured(node: Node, folder: string, rounds: number): Promise<Row[]> {
  // A key, and an address without a server: the service is not called.
  const env = { ...ownHome(folder), SEREN_API_BASE: "http://127.0.0.1:9", SEREN_API_KEY: "unused-key" };
  const most = node.hasCompileCache ? MOST_WITH_CACHE : MOST;
  const rows: Row[] = [];
  for (const [mode, what, asks] of REAL) {
    const ours = { command: npmBuild(mode, node.path), asks, env };
    await oneStart(ours, "exit"); // what Node keeps of a program, it keeps at its end
    const took = await compareStarts({ ours, bare: { command: baseline("bare", node.path), asks } }, rounds, "reply");
    rows.push(ratioRow({ what: `${what}, Node ${node.version}`, ours: took.ours, base: took.bare, show: ms, most }));
  }
  return rows;
}
