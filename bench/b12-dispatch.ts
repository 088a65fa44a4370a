import type { Benchmark, Options, Row } from "./support/benchmark.ts";
import { Cloud, end, textFrame } from "./support/cloud.ts";
import { Dispatch } from "./support/dispatch.ts";
import { canTell, endedCpuMs, NOT_TOLD } from "./support/memory.ts";
import { ownHome } from "./support/own-home.ts";
import { withScratch } from "./support/places.ts";
import { absentRow, ratioRow } from "./support/rows.ts";
import { turned } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

const MOST = 1.15;
const MOST_CPU = 1.3;
const SAID = "an answer of the service";
const COURIERS = ["bare", "ours"] as const;

/** What a person waits for. `DISPATCH_BIN` names the real binary; the service works no time at all. */
export const dispatchRun: Benchmark = {
  id: "B12",
  title: "a whole dispatch run --chat, spawn → exit",
  rounds: 15,
  async run(options) {
    const binary = process.env.DISPATCH_BIN;
    if (!binary) return [absentRow("dispatch run --chat", "DISPATCH_BIN is not set")];
    return withScratch((home) => measured(binary, home, options));
  },
};

async function measured(binary: string, home: string, { rounds }: Options): Promise<Row[]> {
  const cloud = await Cloud.start();
  cloud.onRun = async (run) => {
    const stream = await run.stream;
    stream.write(textFrame(1, SAID));
    end(stream, run, "completed");
  };
  const env = ownHome(home);
  const dispatch = await Dispatch.installed(binary, home, { ...env, ...cloud.env(env.SEREN_BRIDGE_STATE_DIR ?? home) });
  const took = { bare: [] as number[], ours: [] as number[] };
  const cpu = { bare: [] as number[], ours: [] as number[] };
  const chat = async (courier: (typeof COURIERS)[number]) => {
    const said = await dispatch.chat(courier);
    if (!said.includes(SAID)) throw new Error(`dispatch run with the ${courier} courier: ${said}`);
  };
  for (const courier of COURIERS) await chat(courier); // what Node keeps of a program is there
  for (let round = 0; round < rounds; round += 1) {
    for (const courier of turned(COURIERS, round)) {
      const [began, cpuBefore] = [performance.now(), canTell ? endedCpuMs() : 0];
      await chat(courier);
      took[courier].push(performance.now() - began);
      if (canTell) cpu[courier].push(endedCpuMs() - cpuBefore);
    }
  }
  await cloud.close();
  const what = "processor time of all its processes";
  return [
    ratioRow({ what: "dispatch run --chat", ours: took.ours, base: took.bare, show: ms, most: MOST }),
    canTell ? ratioRow({ what, ours: cpu.ours, base: cpu.bare, show: ms, most: MOST_CPU }) : absentRow(what, NOT_TOLD),
  ];
}
