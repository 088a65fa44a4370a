import type { ServerResponse } from "node:http";
import { type Benchmark, scaled } from "./support/benchmark.ts";
import { Cloud, promised, type Run, textFrame } from "./support/cloud.ts";
import { Pacer } from "./support/pacer.ts";
import { npmBuild, withScratch } from "./support/places.ts";
import { Roder } from "./support/roder.ts";
import { ratioRow } from "./support/rows.ts";
import { percentile } from "./support/stats.ts";
import { ms } from "./support/units.ts";

const RUNS = 500;
const TICK_MS = 100;
const APART_MS = 10;
const MOST = 3;

/**
 * Every run goes on sending ten events a second until it is cancelled. Beside each cancel the program is asked something it
 * answers at once, from memory: what that takes is the delay of its loop, and of ours, at this load.
 */
export const cancel: Benchmark = {
  id: "B9",
  title: "cancel, request byte in → HTTP cancel byte out, 500 runs active",
  rounds: 3,
  async run(options) {
    const runs = scaled(RUNS, options, 2);
    const rounds: Took[] = [];
    for (let round = 0; round < options.rounds; round += 1)
      rounds.push(await withScratch((folder) => cancelAll(folder, runs)));
    const at = (share: number) => ({
      ours: rounds.map(({ cancels }) => percentile(cancels, share)),
      base: rounds.map(({ loop }) => percentile(loop, share)),
      show: ms,
    });
    return [ratioRow({ what: "p99", ...at(0.99), most: MOST }), ratioRow({ what: "p50", ...at(0.5) })];
  },
};

interface Took {
  cancels: number[];
  loop: number[];
}

interface Active {
  run: Run;
  stream: ServerResponse;
  sent: number;
}

async function cancelAll(folder: string, runs: number): Promise<Took> {
  const cloud = await Cloud.start();
  const roder = new Roder(npmBuild("roder"), cloud.env(folder));
  await roder.hello();
  const active = new Map<string, Active>();
  const there = promised<void>();
  const pacer = new Pacer<Active>(TICK_MS, (one) => {
    one.sent += 1;
    if (one.run.status === "running") one.stream.write(textFrame(one.sent, "words "));
  });
  cloud.onRun = async (run) => {
    const one = { run, stream: await run.stream, sent: 0 };
    active.set(run.message, one);
    pacer.add(one);
    if (active.size === runs) there.resolve();
  };
  const ended: Promise<unknown>[] = [];
  for (let number = 0; number < runs; number += 1) {
    const dispatched = roder.dispatch(`run-${number}`);
    ended.push(dispatched.ended);
    await dispatched.acknowledged;
  }
  await there.promise;
  await new Promise((resolve) => setTimeout(resolve, 2 * TICK_MS));
  const took: Took = { cancels: [], loop: [] };
  for (const [id, { run }] of active) {
    const began = performance.now();
    void roder.cancel(id);
    took.cancels.push((await run.cancelled) - began);
    await new Promise((resolve) => setTimeout(resolve, APART_MS / 2));
    took.loop.push(await roder.loopDelay());
    await new Promise((resolve) => setTimeout(resolve, APART_MS / 2));
  }
  await Promise.all(ended);
  pacer.stop();
  await roder.child.end();
  await cloud.close();
  return took;
}
