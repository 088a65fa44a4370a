/**
 * `npm run soak [-- --runs N --events N]`: many short runs and a very long one in one child. Its memory, sampled after
 * forced collections, must not grow.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { API_KEY } from "./canaries.ts";
import { ChaosChild } from "./chaos-child.ts";
import { RequestTracker } from "./request-tracker.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "20000" }, events: { type: "string", default: "1000000" } },
});
const AT_ONCE = 32;
const SAMPLES = 20;
/** Largest growth per run. What is kept of ended runs is bounded, but the bound is not reached at once. */
const MOST_BYTES_PER_RUN = 200;
/** Largest growth during the long run. */
const MOST_BYTES_KEPT = 48 * 1024 * 1024;
/** Loaded into the child: writes its memory usage to a file on a signal. */
const PROBE = `
import { writeFileSync } from "node:fs";
process.on("SIGUSR2", () => { globalThis.gc?.(); globalThis.gc?.(); writeFileSync(process.env.SOAK_FILE, JSON.stringify({ ...process.memoryUsage(), at: Date.now() })); });
`;

interface Sample {
  runs: number;
  heapUsed: number;
  rss: number;
}

const folder = mkdtempSync(join(tmpdir(), "seren-bridge-soak-"));
const file = join(folder, "memory.json");
writeFileSync(join(folder, "probe.mjs"), PROBE);
const cloud = new LocalCloud({ ambient: realAmbient, keys: [API_KEY], maxKeptRuns: 200, retryMs: 50 });
const http = await startLocalHttp(cloud);
const tracker = new RequestTracker();
const child = new ChaosChild("roder", {
  origin: http.origin,
  nodeArgs: ["--expose-gc", "--import", join(folder, "probe.mjs")],
  env: { SOAK_FILE: file, SEREN_BRIDGE_LOG: "error" },
  onMessage: tracker.take,
});
let problems: string[] = [];
try {
  await new Promise<void>((resolve) =>
    child.send(tracker.request("extension/initialize", INITIALIZE, () => resolve())),
  );
  await shortRuns(Number(values.runs));
  await longRun(Number(values.events));
} finally {
  await child.finish(20_000);
  await http.close();
  rmSync(folder, { recursive: true, force: true });
}
problems = [...problems, ...child.problems, ...tracker.problems];
for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? "flat" : "NOT FLAT");
process.exit(problems.length === 0 ? 0 : 1);

async function shortRuns(count: number): Promise<void> {
  let started = 0;
  let ended = 0;
  const samples: Sample[] = [];
  const began = performance.now();
  const every = Math.max(1, Math.floor(count / SAMPLES));
  const worker = async () => {
    while (started < count) {
      started += 1;
      await oneRun(started);
      ended += 1;
      if (ended % every === 0) samples.push({ runs: ended, ...(await memory()) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const seconds = (performance.now() - began) / 1000;
  console.log(`${count} short runs in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(0)}/s)`);
  for (const { runs, heapUsed, rss } of samples) console.log(`  after ${runs}: heap ${mib(heapUsed)}, rss ${mib(rss)}`);
  // The first quarter is a warm-up, in which code is compiled and caches fill.
  const slope = slopeOf(samples.slice(Math.floor(samples.length / 4)));
  console.log(`  heap slope ${slope.toFixed(1)} bytes a run`);
  if (slope > MOST_BYTES_PER_RUN) problems.push(`I8: the heap grows by ${slope.toFixed(0)} bytes with each run`);
}

async function oneRun(number: number): Promise<void> {
  const id = `run-${number}`;
  const entry = tracker.open(id);
  const prompt = `@script [{"text":"short "},{"tool":"look","result":"found"},{"text":"answer ${number}\\n"}]`;
  const isTask = number % 2 === 0;
  const request = isTask
    ? tracker.request(
        "tasks/execute",
        { executorId: "seren-cloud-run", executionId: id, taskId: "t", input: { prompt } },
        (reply) => entry.answered(reply),
      )
    : tracker.request(
        "subagents/dispatch",
        {
          dispatcherId: "seren-cloud",
          dispatchId: id,
          parentThreadId: "t",
          parentTurnId: "u",
          request: { description: "d", prompt },
        },
        (reply) => entry.answered(reply),
      );
  child.send(request);
  await Promise.race([entry.settled, child.exited]);
  tracker.forget(id);
  const said = isTask ? entry.terminal?.result.payload.text : entry.terminal?.result.final_message;
  if (said !== `short answer ${number}\n`) problems.push(`I3: ${id} said ${JSON.stringify(said)}`);
}

async function longRun(events: number): Promise<void> {
  const before = await memory();
  const began = performance.now();
  const steps = Array.from({ length: Math.ceil(events / 100_000) }, () => ({
    text: "{i} words\n",
    n: Math.min(events, 100_000),
  }));
  const id = "long";
  const entry = tracker.open(id);
  const params = {
    dispatcherId: "seren-cloud",
    dispatchId: id,
    parentThreadId: "t",
    parentTurnId: "u",
    request: { description: "d", prompt: `@script ${JSON.stringify(steps)}`, timeout_seconds: 3_600 },
  };
  child.send(tracker.request("subagents/dispatch", params, (reply) => entry.answered(reply)));
  let peak = before;
  for (let over = false; !over; ) {
    over = await Promise.race([
      entry.settled.then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 5_000)),
    ]);
    const now = await memory();
    if (now.heapUsed > peak.heapUsed) peak = now;
  }
  const after = await memory();
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `one run of ${events} events in ${seconds.toFixed(1)} s (${(events / seconds).toFixed(0)}/s), ended ${entry.terminal?.result?.exit_reason ?? entry.terminal?.type}`,
  );
  console.log(
    `  heap before ${mib(before.heapUsed)}, at most ${mib(peak.heapUsed)}, after ${mib(after.heapUsed)}; rss after ${mib(after.rss)}`,
  );
  if (entry.terminal?.result?.exit_reason !== "completed")
    problems.push(`I3: the long run ended with ${JSON.stringify(entry.terminal)?.slice(0, 500)}`);
  const kept = after.heapUsed - before.heapUsed;
  if (kept > MOST_BYTES_KEPT) problems.push(`I8: ${mib(kept)} are kept of the long run`);
}

/** Returns the child's memory usage after a collection, in bytes. */
async function memory(): Promise<{ heapUsed: number; rss: number }> {
  writeFileSync(file, "");
  child.process.kill("SIGUSR2");
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const text = readFileSync(file, "utf8");
    if (text.endsWith("}")) return JSON.parse(text);
    if (child.hasExited) throw new Error(`the program ended: ${child.stderr.slice(-2_000)}`);
  }
}

/** Returns the bytes of heap per run, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (pick: (sample: Sample) => number) => samples.reduce((sum, one) => sum + pick(one), 0) / samples.length;
  const [runs, heap] = [mean((one) => one.runs), mean((one) => one.heapUsed)];
  const top = samples.reduce((sum, one) => sum + (one.runs - runs) * (one.heapUsed - heap), 0);
  const bottom = samples.reduce((sum, one) => sum + (one.runs - runs) ** 2, 0);
  return bottom === 0 ? 0 : top / bottom;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
