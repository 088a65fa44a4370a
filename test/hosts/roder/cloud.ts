/** The embedded Seren Cloud as a process of its own, and what it has seen. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { PUBLISHER_PREFIX } from "#protocols/seren-cloud";
import { oddFaults } from "../../support/odd-faults.ts";
import { PROGRAM } from "./package-under-test.ts";

const RunSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  output: z.string().nullish(),
  invocation_payload: z.looseObject({ message: z.string().optional(), inputs: z.unknown().optional() }),
});
const PAGE = 100;
const KEY = "only-in-this-test";

export type SeenRun = z.output<typeof RunSchema>;

export class Cloud {
  readonly origin: string;
  readonly #child: ChildProcess | undefined;

  constructor(origin: string, child?: ChildProcess) {
    this.origin = origin;
    this.#child = child;
  }

  static async start(): Promise<Cloud> {
    const args = [PROGRAM, "local", "--port", "0", "--key", KEY];
    const faults = oddFaults();
    if (faults) {
      const plan = join(mkdtempSync(join(tmpdir(), "roder-faults-")), "plan.json");
      writeFileSync(plan, JSON.stringify(faults));
      args.push("--faults", plan);
    }
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface(child.stdout)) {
      const origin = /http:\/\/[\d.]+:\d+/.exec(line)?.[0];
      if (origin) return new Cloud(origin, child);
    }
    throw new Error("the embedded Seren Cloud did not start");
  }

  /** For the `env` of an entry. */
  get environment(): Record<string, string> {
    return { SEREN_API_BASE: this.origin, SEREN_API_KEY: KEY };
  }

  /** Every run whose message contains `text`, newest first. */
  async runs(text = ""): Promise<SeenRun[]> {
    const runs: SeenRun[] = [];
    for (let page: SeenRun[] | undefined; page === undefined || page.length === PAGE; runs.push(...page)) {
      const found = await this.#get(`/runs?limit=${PAGE}&offset=${runs.length}`);
      page = z.object({ data: z.array(RunSchema) }).parse(found).data;
    }
    return runs.filter((run) => run.invocation_payload.message?.includes(text));
  }

  /** The one run whose message contains `text`. */
  async run(text: string): Promise<SeenRun> {
    const [run, ...others] = await this.runs(text);
    if (!run || others.length > 0)
      throw new Error(`${others.length + (run ? 1 : 0)} runs have ${text} in their message`);
    return run;
  }

  /** The record of a run once it has ended: its stream ends when it does. */
  async ended(runId: string): Promise<SeenRun> {
    await (await this.#fetch(`/runs/${runId}/stream`)).text();
    return z.object({ data: RunSchema }).parse(await this.#get(`/runs/${runId}`)).data;
  }

  async stop(): Promise<void> {
    if (!this.#child) return;
    this.#child.kill();
    await once(this.#child, "exit");
  }

  async #get(path: string): Promise<unknown> {
    return (await this.#fetch(path)).json();
  }

  async #fetch(path: string): Promise<Response> {
    const response = await fetch(this.origin + PUBLISHER_PREFIX + path, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response;
  }
}
