/** The whole extension under the model of Roder's host, on an embedded Seren Cloud, in virtual time. */

import type { FaultPlan } from "../../../src/local/index.ts";
import { lazy } from "../../../src/support/lazy.ts";
import { INITIALIZE } from "../../support/child-process/roder-initialize.ts";
import { Environment } from "../environment.ts";
import { readProgramFiles, startInMemoryProgram } from "../host/in-memory-program.ts";
import { HostInput } from "../host/pipes.ts";
import { RoderModel } from "./roder-model.ts";
import { StdoutPipe } from "./stdout-pipe.ts";

const STEP_MS = 10;
/** Turns of the event loop per step; a message needs one. */
const TURNS = 12;

/** Read once, because simulations share the files. */
const programFiles = lazy(readProgramFiles);

export interface ExtensionUnderModel {
  environment: Environment;
  host: RoderModel;
  /** Advances the clock in small steps, so that the program can also do work that does not use the clock. */
  pass(ms: number): Promise<void>;
  /** Advances the clock until `work` settles. */
  until<T>(work: Promise<T>): Promise<T>;
  /** Closes stdin. Resolves with the milliseconds until the program ended. */
  eof(): Promise<number>;
}

export async function startExtension(rules: FaultPlan["rules"] = []): Promise<ExtensionUnderModel> {
  const environment = new Environment({
    seed: 11,
    runs: [],
    faults: { seed: 11, rules },
    network: { seed: 11, latencyMs: 20, refused: 0, lost: 0, cut: 0, shred: false },
    service: { deployMs: 200, startMs: 100, firstSequence: 1, keepAliveMs: 15_000 },
  });
  const { clock } = environment;
  const input = new HostInput();
  const output = new StdoutPipe();
  const host = new RoderModel(clock, { write: (line) => input.line(line), read: () => output.read() });
  const program = startInMemoryProgram({
    kind: "roder",
    process: environment.process(0),
    files: await programFiles(),
    input,
    output,
  });
  const hello = host.request("extension/initialize", INITIALIZE);
  const step = async () => {
    for (let turn = 0; turn < TURNS; turn += 1) await clock.settle();
    await clock.advance(STEP_MS);
  };
  const pass = async (ms: number) => {
    for (const end = clock.now() + ms; clock.now() < end; ) await step();
  };
  const until = async <T>(work: Promise<T>): Promise<T> => {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    work.then(settle, settle);
    while (!settled) await step();
    return work;
  };
  await until(hello);
  await until(host.request("subagents/definitions", { dispatcherId: "seren-cloud" }));
  return {
    environment,
    host,
    pass,
    until,
    async eof() {
      const began = clock.now();
      input.end();
      await until(program.ended);
      return clock.now() - began;
    },
  };
}

/** Returns a prompt that makes the built-in agent perform these steps. */
export const script = (name: string, ...steps: object[]) => `${name}\n@script ${JSON.stringify(steps)}`;
