import type { ServerResponse } from "node:http";
import { type Benchmark, ms, scaled } from "./support/benchmark.ts";
import { Cloud, promised, type Run, textFrame } from "./support/cloud.ts";
import { Pacer } from "./support/pacer.ts";
import { npmBuild, withScratch } from "./support/places.ts";
import { Roder } from "./support/roder.ts";
import { median, percentile } from "./support/stats.ts";

const RUNS = 500;
const TICK_MS = 100;
const APART_MS = 10;
const MOST_MS = 10;

/** Every run goes on sending ten events a second until it is cancelled. */
export const cancel: Benchmark = {
  id: "B9",
  title: "cancel, request byte in → HTTP cancel byte out, 500 runs active",
  rounds: 3,
  async run(options) {
    const runs = scaled(RUNS, options, 2);
    const worst: number[] = [];
    const middle: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const took = await withScratch((folder) => cancelAll(folder, runs));
      worst.push(percentile(took, 0.99));
      middle.push(percentile(took, 0.5));
    }
    const p99 = median(worst);
    return [
      { what: "p99", measured: ms(p99), figure: ms(p99), target: `≤ ${MOST_MS} ms`, met: p99 <= MOST_MS },
      { what: "p50", measured: ms(median(middle)), figure: ms(median(middle)) },
    ];
  },
};

interface Active {
  run: Run;
  stream: ServerResponse;
  sent: number;
}

async function cancelAll(folder: string, runs: number): Promise<number[]> {
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
  const took: number[] = [];
  for (const [id, { run }] of active) {
    const began = performance.now();
    void roder.cancel(id);
    took.push((await run.cancelled) - began);
    await new Promise((resolve) => setTimeout(resolve, APART_MS));
  }
  await Promise.all(ended);
  pacer.stop();
  await roder.child.end();
  await cloud.close();
  return took;
}
