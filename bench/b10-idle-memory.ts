import { type Benchmark, mib, type Row } from "./support/benchmark.ts";
import { Child } from "./support/child.ts";
import { canTell, NOT_TOLD, privateBytes } from "./support/memory.ts";
import { baseline, type Command, type Mode, npmBuild, withScratch } from "./support/places.ts";
import { FIRST_LINE } from "./support/start-up.ts";
import { median } from "./support/stats.ts";

const MOST_MIB = 12;
/** After the first reply: what is loaded behind it is there, too. */
const SETTLED_MS = 1_500;

export const idleMemory: Benchmark = {
  id: "B10",
  title: "idle child after its start, private memory",
  rounds: 7,
  async run({ rounds, scale }) {
    if (!canTell) return [{ what: "private memory", measured: NOT_TOLD, figure: "" }];
    const bare: number[] = [];
    const courier: number[] = [];
    const roder: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await idle(baseline("bare"), "courier", scale));
      courier.push(await idle(npmBuild("courier"), "courier", scale));
      roder.push(await idle(npmBuild("roder"), "roder", scale));
    }
    return [
      { what: "courier", bytes: median(courier) },
      { what: "roder", bytes: median(roder) },
    ].map(({ what, bytes }): Row => {
      const above = bytes - median(bare);
      return {
        what,
        measured: mib(bytes),
        baseline: mib(median(bare)),
        figure: `${mib(above)} above`,
        target: `≤ ${MOST_MIB} MiB above`,
        met: above <= MOST_MIB * 1024 * 1024,
      };
    });
  },
};

function idle(command: Command, mode: Mode, scale: number): Promise<number> {
  return withScratch(async (folder) => {
    // A key, and an address without a server: the service is not called.
    const env = { SEREN_BRIDGE_STATE_DIR: folder, SEREN_API_BASE: "http://127.0.0.1:9", SEREN_API_KEY: "unused-key" };
    const child = new Child(command, env);
    const reply = child.reply(1);
    child.process.stdin?.write(FIRST_LINE[mode]);
    await reply;
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS * Math.min(1, scale)));
    const bytes = privateBytes(child.process.pid);
    await child.end();
    return bytes;
  });
}
