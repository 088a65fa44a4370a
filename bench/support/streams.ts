/** The same run stream, read by the program and by the raw loop. */

import type { ServerResponse } from "node:http";
import { Child } from "./child.ts";
import type { Cloud, Run } from "./cloud.ts";
import { Courier } from "./courier.ts";
import { baseline, npmBuild, withScratch } from "./places.ts";

/** Plays a run's events on its stream; the stream is ended by whoever plays. */
export type Play = (stream: ServerResponse, run: Run) => Promise<void>;
export type Watch = (line: Buffer) => void;

/** Milliseconds from the open stream to the reply, through a courier turn. */
export function throughCourier(cloud: Cloud, play: Play, watch: Watch): Promise<number> {
  return withScratch(async (folder) => {
    const courier = new Courier(npmBuild("courier"), cloud.env(folder));
    courier.child.onLine = watch;
    await courier.open();
    let began = Number.NaN;
    const played = new Promise<void>((resolve, reject) => {
      cloud.onRun = (run) => {
        const started = run.stream.then((stream) => {
          began = performance.now();
          return play(stream, run);
        });
        started.then(resolve, reject);
      };
    });
    await Promise.all([courier.run(), played]);
    const took = performance.now() - began;
    await courier.child.end();
    return took;
  });
}

/** The same through the raw loop. */
export async function throughRawLoop(cloud: Cloud, play: Play, watch: Watch): Promise<number> {
  const child = new Child(baseline("raw-loop"));
  child.onLine = watch;
  const run = cloud.prepare();
  const reply = child.reply(1);
  child.write({ id: 1, url: run.url });
  const stream = await run.stream;
  const began = performance.now();
  await Promise.all([reply, play(stream, run)]);
  const took = performance.now() - began;
  await child.end();
  return took;
}
