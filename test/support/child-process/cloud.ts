/** An embedded Seren Cloud in the test process, so that the test can look at it. */
import { onTestFinished } from "vitest";
import { builtInAgent } from "../../../src/local/agents/built-in-agent.ts";
import { LocalCloud, type LocalCloudOptions, startLocalHttp } from "../../../src/local/index.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { API_KEY, type RegisterCleanup } from "./child.ts";

/** A run that the child has created. */
export interface ObservedRun {
  runId: string;
  deploymentName: string;
  payload: Readonly<Record<string, unknown>>;
  /** Resolves with the run's status when its agent has ended, for whatever reason. */
  ended: Promise<string>;
}

export interface Cloud {
  cloud: LocalCloud;
  /** Environment for the child. */
  env: { SEREN_API_BASE: string; SEREN_API_KEY: string };
  /** Returns the run with this index, as soon as its agent starts. */
  run(index: number): Promise<ObservedRun>;
}

export async function startCloud(
  options: Partial<LocalCloudOptions> = {},
  whenOver: RegisterCleanup = onTestFinished,
): Promise<Cloud> {
  const seen: ObservedRun[] = [];
  let waiting: (() => void)[] = [];
  const perform = options.agent ?? builtInAgent(0);
  const cloud = new LocalCloud({
    ambient: realAmbient,
    keys: [API_KEY],
    ...options,
    async agent(stage) {
      const { run, deploymentName, payload } = stage;
      const work = perform(stage);
      const ended = work.then(
        () => (stage.run.over ? stage.run.status : "completed"),
        () => stage.run.status,
      );
      seen.push({ runId: run.id, deploymentName, payload, ended });
      for (const resolve of waiting) resolve();
      waiting = [];
      await work;
    },
  });
  const { origin, close } = await startLocalHttp(cloud);
  whenOver(close);
  return {
    cloud,
    env: { SEREN_API_BASE: origin, SEREN_API_KEY: API_KEY },
    async run(index) {
      for (;;) {
        const run = seen[index];
        if (run) return run;
        await new Promise<void>((resolve) => void waiting.push(resolve));
      }
    },
  };
}

/** Returns a prompt that makes the embedded agent perform these steps. */
export const script = (...steps: object[]) => `Follow the script.\n@script ${JSON.stringify(steps)}`;
