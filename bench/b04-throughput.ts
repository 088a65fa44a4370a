import { type Benchmark, type Options, type Row, scaled } from "./support/benchmark.ts";
import { blocks, Cloud, end, pour, textFrame, toolFrame } from "./support/cloud.ts";
import { canTell } from "./support/memory.ts";
import { ratioRow } from "./support/rows.ts";
import { type Play, type Spent, throughCourier, throughRawLoop } from "./support/streams.ts";
import { us } from "./support/units.ts";

const LEAST = 0.8;
const EVENTS = 200_000;
const TEXT = "some words of an answer, as long as models send them ";
const DELTA = Buffer.from('"text_delta","content":"');
/** What follows the text in its line. */
const AFTER = '"}}'.length;
const CALL = Buffer.from('"tool_call_started"');

/** Events of one kind, and how much of an event a line of output brings. All that was sent has to arrive. */
interface Load {
  what: string;
  frame(sequence: number): string;
  arrived(line: Buffer): number;
  perEvent: number;
}

const LOADS: readonly Load[] = [
  {
    what: "text events",
    frame: (sequence) => textFrame(sequence, TEXT),
    // In as many pieces as the program likes; nothing in it is escaped.
    arrived(line) {
      const at = line.indexOf(DELTA);
      return at < 0 ? 0 : line.length - at - DELTA.length - AFTER;
    },
    perEvent: TEXT.length,
  },
  {
    what: "tool calls, one line each",
    frame: toolFrame,
    arrived: (line) => (line.includes(CALL) ? 1 : 0),
    perEvent: 1,
  },
];

export const throughput: Benchmark = {
  id: "B4",
  title: "events of one run, consumed and forwarded",
  rounds: 7,
  async run(options) {
    const rows: Row[] = [];
    for (const load of LOADS) rows.push(...(await measured(load, options)));
    return rows;
  },
};

async function measured(load: Load, options: Options): Promise<Row[]> {
  const events = scaled(EVENTS, options);
  const cloud = await Cloud.start();
  const all = [...blocks(events, load.frame)]; // made ahead, so that the service costs next to nothing
  const play: Play = async (stream, run) => {
    await pour(stream, all);
    end(stream, run, "completed");
  };
  const counted = async (run: typeof throughCourier): Promise<Spent> => {
    let seen = 0;
    const spent = await run(cloud, play, (line) => {
      seen += load.arrived(line);
    });
    const expected = events * load.perEvent;
    if (seen !== expected) throw new Error(`${seen} of ${expected} arrived: ${load.what}`);
    return spent;
  };
  const ours: Spent[] = [];
  const raw: Spent[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    ours.push(await counted(throughCourier));
    raw.push(await counted(throughRawLoop));
  }
  await cloud.close();
  const rate = ({ took }: Spent) => events / took;
  const cost = ({ cpu }: Spent) => (cpu / events) * 1000;
  const rows: Row[] = [
    ratioRow({
      what: `${events} ${load.what}`,
      ours: ours.map(rate),
      base: raw.map(rate),
      show: (perMs) => `${perMs.toFixed(0)} k/s`,
      least: LEAST,
    }),
  ];
  if (canTell)
    rows.push(ratioRow({ what: "processor time per event", ours: ours.map(cost), base: raw.map(cost), show: us }));
  return rows;
}
