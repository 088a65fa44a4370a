import { FIRST_ASK } from "./support/asks.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { Child } from "./support/child.ts";
import { canTell, NOT_TOLD, privateBytes } from "./support/memory.ts";
import { baseline, type Command, type Mode, npmBuild, withScratch } from "./support/places.ts";
import { aboveRow, absentRow } from "./support/rows.ts";
import { mib } from "./support/units.ts";

const MOST_BYTES = 12 * 1024 * 1024;
/** After the first reply: what is loaded behind it is there, too. */
const SETTLED_MS = 1_500;

export const idleMemory: Benchmark = {
  id: "B10",
  title: "idle child after its start, private memory",
  rounds: 7,
  async run({ rounds, scale }) {
    if (!canTell) return [absentRow("private memory", NOT_TOLD)];
    const bare: number[] = [];
    const courier: number[] = [];
    const roder: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await idle(baseline("bare"), "courier", scale));
      courier.push(await idle(npmBuild("courier"), "courier", scale));
      roder.push(await idle(npmBuild("roder"), "roder", scale));
    }
    return [
      aboveRow({ what: "courier", ours: courier, base: bare, show: mib, most: MOST_BYTES }),
      aboveRow({ what: "roder", ours: roder, base: bare, show: mib, most: MOST_BYTES }),
    ];
  },
};

function idle(command: Command, mode: Mode, scale: number): Promise<number> {
  return withScratch(async (folder) => {
    // A key, and an address without a server: the service is not called.
    const env = { SEREN_BRIDGE_STATE_DIR: folder, SEREN_API_BASE: "http://127.0.0.1:9", SEREN_API_KEY: "unused-key" };
    const child = new Child(command, env);
    const reply = child.reply(1);
    child.process.stdin?.write(FIRST_ASK[mode]);
    await reply;
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS * Math.min(1, scale)));
    const bytes = privateBytes(child.process.pid);
    await child.end();
    return bytes;
  });
}
