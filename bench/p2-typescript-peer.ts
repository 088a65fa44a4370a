import { dirname, resolve } from "node:path";
import { FIRST_ASK } from "./support/asks.ts";
import { type Benchmark, scaled } from "./support/benchmark.ts";
import { Cloud, end, textFrame } from "./support/cloud.ts";
import { baseline, type Command, npmBuild, withScratch } from "./support/places.ts";
import { Roder } from "./support/roder.ts";
import { ratioRow } from "./support/rows.ts";
import { compareStarts } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

const DISPATCHES = 128;

/**
 * The TypeScript child among Roder's examples. `BENCH_TS_PEER` names its built `dist/src/main.js`. Its runs are played by a
 * fake inside its own process, without a network; ours go over HTTP to the service of the benchmarks.
 */
export const typeScriptPeer: Benchmark = {
  id: "P2",
  title: "side by side with the TypeScript peer child",
  rounds: 40,
  async run(options) {
    const peer = process.env.BENCH_TS_PEER;
    if (!peer) return [];
    const folder = resolve(dirname(peer), "../..");
    const env = {
      RODER_EXTENSION_MANIFEST: resolve(folder, "roder-extension.toml"),
      CURSOR_SDK_FAKE: "1",
      CURSOR_API_KEY: "bench",
    };
    const command: Command = [process.execPath, resolve(peer)];
    const asks = [FIRST_ASK.roder];
    const took = await compareStarts(
      {
        bare: { command: baseline("bare"), asks },
        ours: { command: npmBuild("roder"), asks },
        peer: { command, asks, env },
      },
      options.rounds,
      "reply",
    );
    const dispatches = scaled(DISPATCHES, options);
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < Math.min(options.rounds, 7); round += 1) {
      ours.push(await ourDispatches(dispatches));
      theirs.push(await allAtOnce(new Roder(command, env, "cursor-cloud"), dispatches));
    }
    const what = `${dispatches} dispatches at once → last terminal`;
    return [
      ratioRow({ what: "first reply, ours", ours: took.ours, base: took.bare, show: ms }),
      ratioRow({ what: "first reply, peer", ours: took.peer, base: took.bare, show: ms }),
      ratioRow({ what, ours, base: theirs, show: ms }),
    ];
  },
};

async function ourDispatches(count: number): Promise<number> {
  const cloud = await Cloud.start();
  cloud.onRun = async (run) => {
    const stream = await run.stream;
    stream.write(textFrame(1, "done"));
    end(stream, run, "completed");
  };
  const took = await withScratch((folder) => allAtOnce(new Roder(npmBuild("roder"), cloud.env(folder)), count));
  await cloud.close();
  return took;
}

async function allAtOnce(roder: Roder, count: number): Promise<number> {
  await roder.hello();
  const inputs = { repoUrl: "https://github.com/example-org/example-repo" };
  // What is loaded behind the first reply is there; neither child is measured while it starts.
  await roder.dispatch("first", { inputs }).ended;
  const began = performance.now();
  const all = Array.from({ length: count }, (_, number) => roder.dispatch(`d-${number}`, { inputs }).ended);
  const ends = await Promise.all(all);
  const took = performance.now() - began;
  const bad = ends.find(({ type }) => type !== "completed");
  if (bad) throw new Error(`a dispatch ended with ${JSON.stringify(bad)}`);
  await roder.child.end();
  return took;
}
