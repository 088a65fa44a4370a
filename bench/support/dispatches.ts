/** Many dispatches in one child: how long they take, and what they cost it. */
import type { ServerResponse } from "node:http";
import { Cloud, end, type Run, textFrame } from "./cloud.ts";
import { holdToHalf } from "./half-core.ts";
import { canTell, cpuMs } from "./memory.ts";
import { Pacer } from "./pacer.ts";
import { type Command, withScratch } from "./places.ts";
import { Roder } from "./roder.ts";
import { percentile } from "./stats.ts";

const TICK_MS = 100;

export interface Load {
  runs: number;
  /** Of each run, ten a second. None: the run is over when its stream opens. */
  events: number;
  /** Milliseconds between two dispatches; 0 sends all in one write. */
  apartMs: number;
}

export interface Dispatched {
  /** From the first dispatch to the last terminal event, in milliseconds. */
  took: number;
  /** The child's own of that time on a processor; NaN where the system does not tell. */
  cpu: number;
  /** The slowest acknowledgement but one in a hundred. */
  ack: number;
}

interface Streaming {
  run: Run;
  stream: ServerResponse;
  sent: number;
}

/** A child of its own for each load. */
export function dispatched(command: Command, load: Load, isHeld: boolean): Promise<Dispatched> {
  return withScratch(async (folder) => {
    const cloud = await Cloud.start();
    const stop = serve(cloud, load);
    const roder = new Roder(command, cloud.env(folder));
    await roder.hello();
    await sent(roder, { ...load, runs: 1, apartMs: 0 }, "first"); // neither child is measured while it starts
    const letGo = isHeld ? holdToHalf(roder.child.process.pid) : undefined;
    const result = await sent(roder, load, "d");
    await letGo?.();
    stop();
    await roder.child.end();
    await cloud.close();
    return result;
  });
}

function serve(cloud: Cloud, { events }: Load): () => void {
  const pacer = new Pacer<Streaming>(TICK_MS, (one) => {
    if (one.sent > events) return;
    one.sent += 1;
    if (one.sent > events) end(one.stream, one.run, "completed");
    else one.stream.write(textFrame(one.sent, "some words "));
  });
  cloud.onRun = async (run) => {
    const stream = await run.stream;
    if (events > 0) return pacer.add({ run, stream, sent: 0 });
    stream.write(textFrame(1, "done"));
    end(stream, run, "completed");
  };
  return () => pacer.stop();
}

async function sent(roder: Roder, { runs, apartMs }: Load, name: string): Promise<Dispatched> {
  const cpu = () => (canTell ? cpuMs(roder.child.process.pid) : Number.NaN);
  const [began, cpuBefore] = [performance.now(), cpu()];
  const all: ReturnType<Roder["dispatch"]>[] = [];
  for (let number = 0; number < runs; number += 1) {
    all.push(roder.dispatch(`${name}-${number}`));
    if (apartMs > 0) await new Promise((resolve) => setTimeout(resolve, apartMs));
  }
  const ends = await Promise.all(all.map(({ ended }) => ended));
  const bad = ends.find(({ type }) => type !== "completed");
  if (bad) throw new Error(`a dispatch ended with ${JSON.stringify(bad)}`);
  const spent = { took: performance.now() - began, cpu: cpu() - cpuBefore };
  const acks = await Promise.all(all.map(({ acknowledged }) => acknowledged));
  return { ...spent, ack: percentile(acks, 0.99) };
}
