/** Simulates a plan of the whole program: bytes in, bytes out, then another process that sweeps. */

import { Environment } from "../environment.ts";
import { readGroundTruth } from "../ground-truth.ts";
import type { SimulationResult } from "../simulate.ts";
import { sweepAfterwards } from "../simulate.ts";
import { AcpDriver } from "./acp-driver.ts";
import { DispatchDriver } from "./dispatch-driver.ts";
import type { HostDriver } from "./host-driver.ts";
import { checkHost } from "./host-oracle.ts";
import type { HostPlan } from "./host-plan.ts";
import { HostRecorder } from "./host-recorder.ts";
import { type ProgramFiles, startInMemoryProgram } from "./in-memory-program.ts";
import { McpDriver } from "./mcp-driver.ts";
import { HostInput, HostOutput } from "./pipes.ts";
import { RoderDriver } from "./roder-driver.ts";

const DRIVERS = { dispatch: DispatchDriver, roder: RoderDriver, mcp: McpDriver, acp: AcpDriver };

/** Longest time a host waits for everything to be done, and how often it checks. */
const LIFE_MS = 40 * 60_000;
const LOOK_EVERY_MS = 5_000;
/** The courier has the longest budget after EOF, plus half a second for the last lines. */
const END_WITHIN_MS = 30_600;

export async function simulateHostPlan(
  plan: HostPlan,
  files: ProgramFiles,
  keepLines = false,
): Promise<SimulationResult> {
  const environment = new Environment(plan, keepLines);
  const { clock, trace } = environment;
  const problems: string[] = [];
  try {
    await clock.runUntil(environment.setUp());
    const process = environment.process(0);
    const mode = plan.host.kind === "dispatch" ? "courier" : plan.host.kind;
    const input = new HostInput();
    const recorder = new HostRecorder(mode, input, () => clock.now());
    const driver: HostDriver = new DRIVERS[plan.host.kind](environment, plan, recorder);
    const output = new HostOutput(clock, plan.host.reads, (line) => {
      trace.note(`${clock.now()} | ${line.toString("utf8")}`);
      const message = recorder.read(line);
      if (message?.kind === "notification") driver.heard(message.method, message.params);
      else if (message?.kind === "request") driver.asked?.(message);
      else if (message) {
        const request = recorder.requestOf(message);
        if (request) driver.answered?.(message, request);
      }
    });
    const program = startInMemoryProgram({ kind: plan.host.kind, process, files, input, output });
    let over = false;
    void program.ended.then((cause) => {
      trace.note(`${clock.now()} the program ends: ${cause}`);
      over = true;
      process.kill();
    });
    driver.begin();
    for (const { atMs, line } of plan.host.rubbish) clock.timer(atMs, () => input.line(line));
    const cut = await lifetime(plan, environment, driver);
    const how = cut ? (plan.host.ending?.how ?? "eof") : "eof";
    trace.note(`${clock.now()} the host goes: ${how}`);
    if (how === "shutdown") driver.shutDown();
    else if (how === "signal") program.signal();
    else {
      if (how === "gone") output.breakOff();
      input.end();
    }
    await new Promise<void>((resolve) => setImmediate(resolve)); // streams need a real turn of the event loop, which an idle clock does not wait for
    await clock.advance(END_WITHIN_MS);
    if (!over) {
      problems.push(`I1: the program does not end after ${how}`);
      process.kill();
    }
    await sweepAfterwards(environment);
    const truth = await clock.runUntil(readGroundTruth(environment.cloud, clock));
    trace.note(JSON.stringify(truth));
    const deaf = plan.host.reads.stopAfter !== undefined;
    problems.push(...checkHost({ environment, plan, recorder, driver, truth, cut: cut || deaf }));
    return { problems, trace, recorders: [], truth, stats: environment.cloud.stats() };
  } catch (error) {
    problems.push(`the simulation broke: ${error instanceof Error ? error.stack : String(error)}`);
    return { problems, trace, recorders: [], truth: undefined, stats: environment.cloud.stats() };
  }
}

/** Waits until the host leaves. Returns whether that was before everything was done. */
async function lifetime(plan: HostPlan, { clock }: Environment, driver: HostDriver): Promise<boolean> {
  const { ending } = plan.host;
  if (ending) {
    await clock.advance(ending.atMs);
    return true;
  }
  const latest = Math.max(0, ...plan.runs.map(({ atMs }) => atMs)) + 2;
  await clock.advance(latest);
  for (let waited = latest; waited < LIFE_MS; waited += LOOK_EVERY_MS) {
    if (driver.done) return false;
    await clock.advance(LOOK_EVERY_MS);
  }
  return plan.host.reads.stopAfter !== undefined;
}
