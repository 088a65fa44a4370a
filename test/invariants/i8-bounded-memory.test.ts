/** I8: memory is bounded, however long a run lasts and however slow the host reads. */
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CHAT_KINDS, type ChatKind, startChatHost } from "../support/child-process/chat-hosts.ts";
import { CLEAN_EXIT, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, streamedOf } from "../support/child-process/courier-host.ts";
import { answerOf, deployedIn, startOperation } from "../support/child-process/deployment-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

/** The program itself takes about 100 MiB. Unread output may add a few hundred KiB per run, and the pipes. */
const MOST_UNREAD_MIB = 170;
/** At its end a run is compared with its record, which is several times its text. */
const MOST_MIB = 320;
/** However many end together: 16 take 410 MiB, where 2 take 270; read all at once they would take over a GiB. */
const MOST_TOGETHER_MIB = 560;
const HOARDING_MS = 2_000;
const LINE = `${"x".repeat(999)}\n`;

/** Returns the peak memory of the process in MiB; 0 where the system is not Linux, so that the bound is not checked. */
function peakMib(pid: number | undefined): number {
  if (process.platform !== "linux" || !existsSync(`/proc/${pid}/status`)) return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

test("ten runs of 10 MB each, for a host that does not read", { timeout: 120_000 }, async () => {
  const { env, cloud, run } = await startCloud();
  const host = await RoderHost.initialized({ env });
  const ids = Array.from({ length: 10 }, (_, index) => `run-${index}`);
  for (const id of ids) await host.execute(id, { prompt: script({ text: LINE, n: 10_000 }) });
  host.child.process.stdout?.pause();
  await Promise.all(ids.map(async (_, index) => (await run(index)).ended));
  // The service has sent everything. The wait gives an unbounded program time to collect it; a correct one does not need it.
  await new Promise((resolve) => setTimeout(resolve, HOARDING_MS));
  expect(peakMib(host.child.process.pid)).toBeLessThan(MOST_UNREAD_MIB);
  host.child.process.stdout?.resume();
  await host.end();
  expect(cloud.stats().runsActive).toEqual([]);
});

test("twelve runs of 12 MB each that end together", { timeout: 120_000 }, async () => {
  const { env, cloud } = await startCloud();
  const host = await RoderHost.initialized({ env });
  const ids = Array.from({ length: 12 }, (_, index) => `run-${index}`);
  for (const id of ids) await host.dispatch(id, { prompt: script({ text: LINE, n: 12_000 }) });
  const ends = await Promise.all(ids.map((id) => host.terminal(id)));
  expect(ends.map(({ type }) => type)).toEqual(ids.map(() => "completed"));
  expect(peakMib(host.child.process.pid)).toBeLessThan(MOST_TOGETHER_MIB);
  await host.end();
  expect(cloud.stats().runsActive).toEqual([]);
});

test("a run whose record is too large to be read is reported completely", { timeout: 120_000 }, async () => {
  const { env, run } = await startCloud();
  const host = new CourierHost({ env });
  const session = await host.open(parcel("chat"));
  const words = `${"\u0001".repeat(599)}\n`; // six times as long in JSON
  const turn = await host.run(parcel("chat"), session, { kind: "chat", input: script({ text: words, n: 12_000 }) });
  const { runId } = await run(0);
  const record = await fetch(`${env.SEREN_API_BASE}/publishers/seren-cloud/runs/${runId}`, {
    headers: { authorization: `Bearer ${env.SEREN_API_KEY}` },
  });
  expect((await record.arrayBuffer()).byteLength).toBeGreaterThan(32 * 1024 * 1024);
  expect(streamedOf(turn)).toBe(words.repeat(12_000));
  expect(peakMib(host.child.process.pid)).toBeLessThan(MOST_MIB);
});

test("a Dispatch turn of 8 MB to a host that reads late comes whole", { timeout: 120_000 }, async () => {
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

test("an archive of 300 MiB is hashed and uploaded in pieces, and so is a folder with such a file", {
  timeout: 180_000,
}, async () => {
  const { env, cloud } = await startCloud();
  const home = scratchFolder();
  const size = 300 * 1024 * 1024;
  writeFileSync(join(home, "big.tar.gz"), Buffer.from([0x1f, 0x8b, 8, 0]));
  truncateSync(join(home, "big.tar.gz"), size);
  mkdirSync(join(home, "folder"));
  writeFileSync(join(home, "folder/big.bin"), "");
  truncateSync(join(home, "folder/big.bin"), size);
  const peaks: number[] = [];
  const uploaded: number[] = [];
  const handle = cloud.handle.bind(cloud);
  for (const path of ["big.tar.gz", "folder"]) {
    const spec = { code: { bundle_path: path, runtime_kind: "python" } };
    const child = startOperation("upsert", { name: "night", spec }, { env, cwd: home });
    cloud.handle = (request, signal) => {
      uploaded.push(request.content?.sizeBytes ?? 0);
      peaks.push(peakMib(child.process.pid));
      return handle(request, signal);
    };
    await child.exited;
    expect(deployedIn(answerOf(child.messages[0])).status).toBe("running");
  }
  expect(Math.max(...uploaded)).toBe(size);
  expect(Math.max(...peaks)).toBeLessThan(MOST_UNREAD_MIB);
});

test.each(CHAT_KINDS)(
  "%s: ten runs of 10 MB each, for a host that does not read",
  { timeout: 120_000 },
  async (kind) => {
    const { env, cloud, run } = await startCloud();
    const host = await startChatHost(kind, { env });
    const ids = Array.from({ length: 10 }, (_, index) => index);
    const chats = await Promise.all(ids.map(() => host.start(script({ text: LINE, n: 10_000 }))));
    for (const { end } of chats) end.catch(() => undefined);
    host.rpc.child.process.stdout?.pause();
    await Promise.all(ids.map(async (index) => (await run(index)).ended));
    await new Promise((resolve) => setTimeout(resolve, HOARDING_MS));
    // An MCP server follows its runs to their ends whether or not anybody reads, so on a quick machine they end together.
    const most = kind === "mcp" ? MOST_TOGETHER_MIB : MOST_UNREAD_MIB;
    expect(peakMib(host.rpc.child.process.pid)).toBeLessThan(most);
    host.rpc.child.process.stdout?.resume();
    await host.rpc.end();
    expect(cloud.stats().runsActive).toEqual([]);
  },
);

const FLOOD = 60_000;
const QUESTIONS: Record<ChatKind, [method: string, params: object][]> = {
  mcp: [
    ["ping", {}],
    ["tools/list", {}],
    ["tools/call", { name: "seren_agents" }],
    ["no/such", {}],
  ],
  acp: [
    ["session/new", { cwd: "/", mcpServers: [] }],
    ["authenticate", { methodId: "seren-key" }],
    ["no/such", {}],
  ],
};

/**
 * The replies of such a host are neither kept without a bound nor read: after so many lines it counts as gone, which ends the
 * program in order.
 */
test.each(Object.entries(QUESTIONS).flatMap(([kind, all]) => all.map((one) => [kind as ChatKind, ...one] as const)))(
  "%s: 60,000 times %s from a host that does not read",
  { timeout: 120_000 },
  async (kind, method, params) => {
    const { env, run } = await startCloud();
    const host = await startChatHost(kind, { env });
    const { end } = await host.start(script({ hang: true }));
    end.catch(() => undefined);
    const { ended } = await run(0);
    const { child } = host.rpc;
    child.process.stdout?.pause();
    let peak = 0;
    let isOver = false;
    void child.exited.then(() => (isOver = true));
    const before = child.messages.length;
    for (let sent = 0; sent < FLOOD && !isOver; sent += 1) {
      host.rpc.send(method, params);
      if (sent % 500 !== 0) continue;
      peak = Math.max(peak, peakMib(child.process.pid));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ended).toBe("cancelled");
    child.process.stdout?.resume();
    expect(await child.exited).toEqual(CLEAN_EXIT);
    expect(child.messages.length - before).toBeLessThan(FLOOD / 4);
    expect(peak).toBeLessThan(MOST_UNREAD_MIB);
  },
);
