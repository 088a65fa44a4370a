import type { ServerResponse } from "node:http";
import { type Benchmark, type Options, scaled } from "./support/benchmark.ts";
import { Cloud, end, type Run, textFrame } from "./support/cloud.ts";
import { canTell, NOT_TOLD, residentBytes } from "./support/memory.ts";
import { Pacer } from "./support/pacer.ts";
import { npmBuild, withScratch } from "./support/places.ts";
import { Roder } from "./support/roder.ts";
import { absentRow, aloneRow } from "./support/rows.ts";
import { percentile } from "./support/stats.ts";
import { kib, ms } from "./support/units.ts";

const RUNS = 1_000;
const EVENTS_PER_RUN = 100;
const TICK_MS = 100;
/** Between two dispatches. */
const APART_MS = 10;
const MOST_ACK_MS = 20;
const MOST_BYTES_PER_RUN = 100 * 1024;
/** A terminal event this long after the run's end was held up. */
const MOST_DELAY_MS = 500;

/** One run's stream stays silent all the time; its terminal event comes when the others' have come. */
export const manyRuns: Benchmark = {
  id: "B7",
  title: "1,000 concurrent dispatches in one child, 10 events a second each",
  rounds: 3,
  async run(options) {
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round += 1)
      rounds.push(await withScratch((folder) => live(folder, options)));
    const of = (pick: (round: Round) => number) => rounds.map(pick);
    const runs = scaled(RUNS, options, 2);
    const wrong = of((one) => one.wrong).reduce((sum, one) => sum + one, 0);
    const perRun = "RSS per run above idle";
    return [
      { what: "wrong answers", measured: `${wrong} of ${runs}`, figure: `${wrong}`, target: "0", met: wrong === 0 },
      aloneRow({ what: `ack p99, one each ${APART_MS} ms`, ours: of((one) => one.ack), show: ms, most: MOST_ACK_MS }),
      aloneRow({ what: `ack p99, ${runs} in one write`, ours: of((one) => one.burst), show: ms }),
      aloneRow({ what: "end of a run → terminal, p99", ours: of((one) => one.delay), show: ms, most: MOST_DELAY_MS }),
      canTell
        ? aloneRow({ what: perRun, ours: of((one) => one.perRun), show: kib, most: MOST_BYTES_PER_RUN })
        : absentRow(perRun, NOT_TOLD),
    ];
  },
};

interface Round {
  wrong: number;
  ack: number;
  burst: number;
  perRun: number;
  delay: number;
}

async function live(folder: string, options: Options): Promise<Round> {
  const runs = scaled(RUNS, options, 2);
  const cloud = await Cloud.start();
  const roder = new Roder(npmBuild("roder"), cloud.env(folder));
  await roder.hello();
  await runSome(roder, cloud, { runs: Math.min(runs, 50), events: 1, apartMs: 0 }); // code is compiled, pools are there
  const idle = canTell ? residentBytes(roder.child.process.pid) : 0;
  const paced = await runSome(roder, cloud, { runs, events: scaled(EVENTS_PER_RUN, options, 3), apartMs: APART_MS });
  const { acks } = await runSome(roder, cloud, { runs, events: 1, apartMs: 0 });
  await roder.child.end();
  await cloud.close();
  return {
    wrong: paced.wrong,
    ack: percentile(paced.acks, 0.99),
    burst: percentile(acks, 0.99),
    perRun: (paced.peak - idle) / runs,
    delay: percentile(paced.delays, 0.99),
  };
}

let batch = 0;

interface Streaming {
  run: Run;
  stream: ServerResponse;
  sent: number;
}

interface Load {
  runs: number;
  /** Events of each run. */
  events: number;
  /** Milliseconds between two dispatches; 0 sends all in one write. */
  apartMs: number;
}

async function runSome(roder: Roder, cloud: Cloud, { runs, events, apartMs }: Load) {
  batch += 1;
  let silent: Streaming | undefined;
  const endedAt = new Map<string, number>();
  const stalled = events > 1 ? `b${batch}-0` : undefined;
  const finish = ({ run, stream }: Streaming) => {
    endedAt.set(run.message, performance.now());
    end(stream, run, "completed");
  };
  const pacer = new Pacer<Streaming>(TICK_MS, (one) => {
    if (one === silent || one.sent > events) return;
    one.sent += 1;
    if (one.sent > events) finish(one);
    else one.stream.write(textFrame(one.sent, `${one.run.message}/${one.sent} `));
  });
  cloud.onRun = async (run) => {
    const one = { run, stream: await run.stream, sent: 0 };
    if (run.message === stalled) silent = one;
    pacer.add(one);
  };

  let peak = 0;
  const acks: Promise<number>[] = [];
  const terminals: Promise<{ id: string; at: number; said: string | undefined }>[] = [];
  for (let number = 0; number < runs; number += 1) {
    const id = `b${batch}-${number}`;
    const { acknowledged, ended } = roder.dispatch(id);
    acks.push(acknowledged);
    terminals.push(ended.then((event) => ({ id, at: performance.now(), said: event.result?.final_message })));
    if (apartMs > 0) await new Promise((resolve) => setTimeout(resolve, apartMs));
    if (apartMs > 0 && canTell && number % 50 === 49) peak = Math.max(peak, residentBytes(roder.child.process.pid));
  }
  const others = await Promise.all(terminals.filter((_, number) => `b${batch}-${number}` !== stalled));
  if (silent) finish(silent);
  const all = await Promise.all(terminals);
  pacer.stop();
  const said = (id: string) =>
    id === stalled ? "" : Array.from({ length: events }, (_, at) => `${id}/${at + 1} `).join("");
  const wrong = all.filter((one) => !isRight(one.said, said(one.id), one.id === stalled)).length;
  const delays = others.map(({ id, at }) => at - (endedAt.get(id) ?? 0));
  return { wrong, acks: await Promise.all(acks), peak, delays };
}

/** What a host gets of a long answer is its beginning. */
function isRight(said: string | undefined, expected: string, isEmpty: boolean): boolean {
  if (said === undefined) return false;
  return isEmpty || expected.startsWith(said.replace(/\.\.\.\[truncated\].*$/s, "").slice(0, 1_000));
}
