/**
 * Simulates a plan of `dispatch up`. While it goes on, a family in which one has served never has none that serves. In the end
 * there is exactly one: at once where nothing but each other disturbed them, else after one more `up` without any fault.
 */
import {
  type DeploymentNote,
  type DeploymentNotes,
  MemoryNotes,
} from "../../../src/core/deployment/deployment-notes.ts";
import { DeploymentDesk } from "../../../src/core/engine.ts";
import { LocalCloud, type LocalService, PUBLISHER_PREFIX } from "../../../src/local/index.ts";
import { SerenClient } from "../../../src/seren/index.ts";
import { sleep } from "../../../src/support/ambient.ts";
import { deriveSeed } from "../../support/in-process/seeded-random.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";
import { ProcessAmbient } from "../process-ambient.ts";
import type { SimulationResult } from "../simulate.ts";
import { SimulatedTransport } from "../simulated-transport.ts";
import { Trace } from "../trace.ts";
import type { DeployPlan, PlannedUp } from "./deploy-plan.ts";

/** Longer than any build, search and retry. */
const LIFE_MS = 60 * 60_000;
/** Besides the looks after each change: what the service does by itself (builds) takes nothing away. */
const LOOK_EVERY_MS = 10_000;
const STEM = "night";

/** What the processes of one machine share: notes, and a lock that a killed process gives back. */
class Machine {
  readonly notes = new MemoryNotes();
  readonly #holders = new Map<string, ProcessAmbient>();

  notesOf(process: ProcessAmbient): DeploymentNotes {
    const { notes } = this;
    const holders = this.#holders;
    return {
      read: (name) => notes.read(name),
      write: (name: string, note: DeploymentNote) => notes.write(name, note),
      remove: (name) => notes.remove(name),
      async exclusively(name, signal, work) {
        while (holders.get(name)?.alive) await sleep(process, 100, signal);
        holders.set(name, process);
        try {
          return await work();
        } finally {
          holders.delete(name);
        }
      },
    };
  }
}

export async function simulateDeployPlan(
  plan: DeployPlan,
  keepLines = false,
): Promise<Pick<SimulationResult, "problems" | "trace">> {
  const trace = new Trace(keepLines);
  const clock = new VirtualAmbient(plan.seed, { reorderTies: true, maxSteps: 400_000 });
  const cloud = new LocalCloud({ ambient: clock, faults: plan.faults, deployMs: plan.deployMs });
  const problems: string[] = [];
  const machines = [new Machine(), new Machine()] as const;
  const calm = { ...plan.network, refused: 0, lost: 0 };
  let hasServed = false;
  let isLost = false;

  const family = async (): Promise<{ name: string; status: string }[]> => {
    const request = {
      method: "GET",
      path: `${PUBLISHER_PREFIX}/deployments`,
      headers: { authorization: "Bearer seren_sim" },
      body: undefined,
    };
    const response = await cloud.withoutFaults().handle(request);
    if (response.drop || typeof response.body !== "string") throw new Error("the list is lost");
    const rows: { name: string; status: string }[] = JSON.parse(response.body).data;
    return rows.filter(({ name }) => name.startsWith(`${STEM}-up-`));
  };

  const look = async (): Promise<void> => {
    if (!hasServed || isLost) return;
    const members = await family();
    if (members.some(({ status }) => status === "running")) return;
    isLost = true;
    problems.push(`I12: none serves where one served before: ${JSON.stringify(members)}`);
  };

  /** The service, with a look after each request that may have changed something. */
  const watched: LocalService = {
    handle: async (request, signal) => {
      const response = await cloud.handle(request, signal);
      if (request.method !== "GET") await look();
      return response;
    },
  };

  const perform = async ({ spec, machine }: PlannedUp, process: ProcessAmbient, isCalm = false) => {
    const service = isCalm ? cloud.withoutFaults() : watched;
    const transport = new SimulatedTransport(service, process, isCalm ? calm : plan.network, trace);
    const client = new SerenClient(transport, process);
    const put = async () => undefined;
    const desk = new DeploymentDesk({ client, notes: machines[machine].notesOf(process), put });
    const create = async (name: string) => ({
      name,
      mode: "job" as const,
      skill_slug: STEM,
      workload: {
        execution: { type: "llm" as const, bundle: { instructions: [{ kind: "skill" as const, content: spec }] } },
      },
    });
    await desk.upsert({ stem: STEM, spec: spec.repeat(8), create }, new AbortController().signal);
  };

  let number = 0;
  for (const up of plan.ups) {
    clock.timer(up.atMs, () => {
      number += 1;
      const process = new ProcessAmbient(clock, deriveSeed(plan.seed, 100 + number));
      const mine = number;
      trace.note(`${clock.now()} up ${mine}: ${up.spec}`);
      perform(up, process).then(
        () => {
          trace.note(`${clock.now()} up ${mine} is done`);
          hasServed = true;
        },
        (error: unknown) => trace.note(`${clock.now()} up ${mine} fails: ${error}`),
      );
      if (up.killAfterMs !== undefined) clock.timer(up.killAfterMs, () => process.kill());
    });
  }

  try {
    const end = clock.now() + LIFE_MS;
    while (clock.now() < end && !isLost) {
      await clock.advance(clock.now() < end - LIFE_MS + 20 * 60_000 ? LOOK_EVERY_MS : 60_000);
      await look();
    }
    const settled = (await family()).filter(({ status }) => status !== "failed");
    if (plan.isUndisturbed && settled.length !== 1) problems.push(`I15: not exactly one: ${JSON.stringify(settled)}`);
    const last = plan.ups.at(-1)?.spec ?? "1";
    for (let again = 0; again < 2; again += 1) {
      const process = new ProcessAmbient(clock, deriveSeed(plan.seed, 200 + again));
      await clock.runUntil(
        perform({ atMs: 0, machine: 0, spec: last }, process, true).catch((error: unknown) =>
          trace.note(`the last up fails: ${error}`),
        ),
      );
      await clock.advance(60_000);
    }
    const members = await family();
    const [one, ...others] = members;
    if (others.length > 0 || one?.status !== "running" || one.name !== `${STEM}-up-${last.repeat(8)}`) {
      problems.push(`I15: not exactly one in the end: ${JSON.stringify(members)}`);
    }
  } catch (error) {
    problems.push(`stuck: ${error}`);
  }
  return { problems, trace };
}
