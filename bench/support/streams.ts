/** The same run stream, read by the program and by the raw loop. */

import type { ServerResponse } from "node:http";
import { Child } from "./child.ts";
import type { Cloud, Run } from "./cloud.ts";
import { Courier } from "./courier.ts";
import { canTell, cpuMs } from "./memory.ts";
import { baseline, npmBuild, withScratch } from "./places.ts";

/** Sends a run's events on its stream, and ends the stream. `reader` is the process that reads them. */
export type Play = (stream: ServerResponse, run: Run, reader: number | undefined) => Promise<void>;
export type Watch = (line: Buffer) => void;

/** Milliseconds from the open stream to the reply, and how many of them the reader spent on a processor (NaN: unknown). */
export interface Spent {
  took: number;
  cpu: number;
}

/** Through a courier turn. */
export function throughCourier(cloud: Cloud, play: Play, watch: Watch): Promise<Spent> {
  return withScratch(async (folder) => {
    const courier = new Courier(npmBuild("courier"), cloud.env(folder));
    courier.child.onLine = watch;
    await courier.open();
    let spent: () => Spent = () => ({ took: Number.NaN, cpu: Number.NaN });
    const played = new Promise<void>((resolve, reject) => {
      cloud.onRun = (run) => {
        const started = run.stream.then((stream) => {
          spent = stopwatch(courier.child);
          return play(stream, run, courier.child.process.pid);
        });
        started.then(resolve, reject);
      };
    });
    await Promise.all([courier.run(), played]);
    const result = spent();
    await courier.child.end();
    return result;
  });
}

/** The same through the raw loop. */
export async function throughRawLoop(cloud: Cloud, play: Play, watch: Watch): Promise<Spent> {
  const child = new Child(baseline("raw-loop"));
  child.onLine = watch;
  const run = cloud.prepare();
  const reply = child.reply(1);
  child.write({ id: 1, url: run.url });
  const stream = await run.stream;
  const spent = stopwatch(child);
  await Promise.all([reply, play(stream, run, child.process.pid)]);
  const result = spent();
  await child.end();
  return result;
}

function stopwatch({ process: { pid } }: Child): () => Spent {
  const cpu = () => (canTell ? cpuMs(pid) : Number.NaN);
  const [began, cpuBefore] = [performance.now(), cpu()];
  return () => ({ took: performance.now() - began, cpu: cpu() - cpuBefore });
}
