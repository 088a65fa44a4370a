import type { Benchmark, Options, Row } from "./support/benchmark.ts";
import { Cloud } from "./support/cloud.ts";
import { ownHome } from "./support/own-home.ts";
import { baseline, terminal, withScratch } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { compareStarts, oneStart, type Start } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

const MOST = 1.15;
const MOST_WITH_REQUEST = 1.4;

const SAID = [["--version"], ["--help"], ["completion", "bash"]];
const ASKED = ["runs", "list"];

/** Commands of a person who waits at the prompt. */
export const prompt: Benchmark = {
  id: "B13",
  title: "a command at the prompt, spawn → exit",
  rounds: 40,
  run: (options) => withScratch((folder) => measured(folder, options)),
};

async function measured(folder: string, { rounds }: Options): Promise<Row[]> {
  const cloud = await Cloud.start();
  const env = { ...ownHome(folder), SEREN_API_BASE: cloud.origin, SEREN_API_KEY: "key-of-the-benchmarks" };
  const start = (command: Start["command"]): Start => ({ command, asks: [], env });
  const starts: Record<string, Start> = {
    print: start(baseline("print")),
    request: start(baseline("one-request")),
    ...Object.fromEntries([...SAID, ASKED].map((args) => [args.join(" "), start(terminal(...args))])),
  };
  for (const one of Object.values(starts)) await oneStart(one, "exit"); // what Node keeps of a program is there
  const { print = [], request = [], ...commands } = await compareStarts(starts, rounds, "exit");
  await cloud.close();
  return Object.entries(commands).map(([what, ours]) =>
    what === ASKED.join(" ")
      ? ratioRow({ what, ours, base: request, show: ms, most: MOST_WITH_REQUEST })
      : ratioRow({ what, ours, base: print, show: ms, most: MOST }),
  );
}
