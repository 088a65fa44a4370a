/** I8: memory is bounded, however long a run lasts and however slow the host reads. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { script, startCloud } from "../harness/cloud.ts";
import { CourierHost, parcel, streamedOf } from "../harness/courier-host.ts";
import { isTerminal, RoderHost } from "../harness/roder-host.ts";

/** What a child may have at most: the program itself takes about 100 MiB, the text of one run at most 16 Mi characters. */
const MOST_MIB = 320;
const LINE = `${"x".repeat(999)}\n`;

/** Most memory the process ever had, in MiB. Linux tells; elsewhere the bound is not checked. */
function peakMib(pid: number | undefined): number {
  if (process.platform !== "linux") return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

test("four runs of 4 MB each, told to a host that does not read", async () => {
  const { env, run } = await startCloud();
  const host = await RoderHost.greeted({ env });
  const ids = ["a", "b", "c", "d"];
  for (const id of ids) await host.execute(id, { prompt: script({ text: LINE, n: 4_000 }, { text: "the end\n" }) });
  host.child.process.stdout?.pause();
  await Promise.all(ids.map(async (_, index) => (await run(index)).ended));
  // The service has said everything; nothing of it can go anywhere. Cancelling must still get through.
  for (const id of ids) void host.cancelTask(id);
  expect(peakMib(host.child.process.pid)).toBeLessThan(MOST_MIB);
  host.child.process.stdout?.resume();
  for (const id of ids) expect(await host.terminal(id)).toMatchObject({ type: "completed" });
  expect(peakMib(host.child.process.pid)).toBeLessThan(MOST_MIB);
  for (const id of ids) expect(host.events(id).filter(isTerminal)).toHaveLength(1);
});

test("a Dispatch turn of 8 MB to a host that reads late comes whole", async () => {
  const { env, run } = await startCloud();
  const host = new CourierHost({ env });
  const session = await host.open(parcel("chat"));
  const turn = host.run(parcel("chat"), session, { kind: "chat", input: script({ text: LINE, n: 8_000 }) });
  host.child.process.stdout?.pause();
  await (await run(0)).ended;
  expect(peakMib(host.child.process.pid)).toBeLessThan(MOST_MIB);
  host.child.process.stdout?.resume();
  expect(streamedOf(await turn)).toBe(LINE.repeat(8_000));
  expect(peakMib(host.child.process.pid)).toBeLessThan(MOST_MIB);
});
