/** Roder's host code at work on our program: commands in, findings out. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { EXIT_REASONS, type SubagentRequest } from "#protocols/roder-extension";
import { launched, MANIFEST, PROGRAM } from "./package-under-test.ts";
import { Task } from "./task.ts";

const FindingSchema = z.looseObject({
  id: z.int().optional(),
  ok: z.unknown().optional(),
  error: z.string().optional(),
});
export type Finding = z.output<typeof FindingSchema>;

export interface Entry {
  manifest?: string;
  command?: string;
  args?: string[];
  env: Record<string, string>;
  /** See `launched`. */
  recordAs?: string;
  /** Default: a folder of its own among the temporary ones. */
  stateDir?: string;
}

/** As the host hands it on. */
const ResultSchema = z.looseObject({
  thread_id: z.string(),
  turn_id: z.string(),
  agent_type: z.string(),
  final_message: z.string(),
  usage: z.looseObject({ total_tokens: z.int() }).nullable(),
  exit_reason: z.enum(EXIT_REASONS),
  metadata: z.looseObject({ run_id: z.string().nullable() }),
});

export type DispatchEnding =
  | { result: z.output<typeof ResultSchema> }
  | { error: string }
  | { aborted: true }
  | { panic: true }
  | { hostEnded: true };

export interface Dispatch {
  id: number;
  /** As the host's trace sink got them: `state: detail`. */
  statuses: string[];
  /** Resolves with the first status that fits, past or future. */
  status(fits: RegExp): Promise<string>;
  ended: Promise<DispatchEnding>;
}

const ToolAnswerSchema = z.object({ text: z.string(), data: z.unknown(), is_error: z.boolean(), ms: z.number() });
export type ToolAnswer = z.output<typeof ToolAnswerSchema>;

export class RoderHost {
  readonly findings: Finding[] = [];
  /** What the host printed on its stderr, the child's lines with their prefix among it. */
  stderr = "";
  readonly stateDir: string;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<(finding: Finding) => void>();
  readonly #gone: Promise<unknown>;
  #lastId = 0;

  constructor(program: string, { manifest = MANIFEST, env, recordAs, stateDir, ...start }: Entry) {
    this.stateDir = stateDir ?? mkdtempSync(join(tmpdir(), "seren-bridge-"));
    const { command = process.execPath, args = [PROGRAM, "roder"] } = start;
    const entry = {
      id: "under-test",
      manifest,
      ...launched({ command, args }, recordAs),
      env: { SEREN_BRIDGE_STATE_DIR: this.stateDir, ...env },
    };
    this.#child = spawn(program, [JSON.stringify(entry)], { stdio: ["pipe", "pipe", "pipe"] });
    this.#gone = once(this.#child, "exit");
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error("the host has no pipes");
    createInterface(stdout).on("line", (line) => this.#take(FindingSchema.parse(JSON.parse(line))));
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
  }

  /** Resolves with what the first finding that fits makes of it, past or future. */
  find<T>(read: (finding: Finding) => T | undefined): Promise<T> {
    for (const finding of this.findings) {
      const found = read(finding);
      if (found !== undefined) return Promise.resolve(found);
    }
    return new Promise((resolve, reject) => {
      const watch = (finding: Finding) => {
        const found = read(finding);
        if (found === undefined) return;
        this.#watchers.delete(watch);
        resolve(found);
      };
      this.#watchers.add(watch);
      void this.#gone.then(() => reject(new Error(`the host has ended: ${this.stderr.slice(-2000)}`)));
    });
  }

  /** Sends a command and returns its id. */
  send(command: { do: string; [member: string]: unknown }): number {
    this.#lastId += 1;
    this.#child.stdin?.write(`${JSON.stringify({ id: this.#lastId, ...command })}\n`);
    return this.#lastId;
  }

  /** Sends a command that has one finding, and returns its result. Rejects with the host's error. */
  async ask(command: { do: string; [member: string]: unknown }): Promise<unknown> {
    const id = this.send(command);
    const { ok, error } = await this.find((finding) => (finding.id === id ? finding : undefined));
    if (error !== undefined) throw new Error(error);
    return ok;
  }

  dispatch(request: Partial<SubagentRequest> & { prompt: string }, sinkMs: number | null = 0): Dispatch {
    const id = this.send({ do: "dispatch", sink_ms: sinkMs, request: { description: "a test", ...request } });
    const statuses: string[] = [];
    const ofThis = (finding: Finding) => (finding.id === id ? finding : undefined);
    this.#watchers.add((finding) => {
      if (ofThis(finding) && typeof finding.status === "string") statuses.push(finding.status);
    });
    return {
      id,
      statuses,
      status: (fits) =>
        this.find((finding) => {
          const status = ofThis(finding)?.status;
          return typeof status === "string" && fits.test(status) ? status : undefined;
        }),
      ended: this.find((finding) => (ofThis(finding) ? dispatchEnding(finding) : undefined)).catch(
        () => ({ hostEnded: true }) as const,
      ),
    };
  }

  abort(dispatch: Dispatch): void {
    this.send({ do: "abort", target: dispatch.id });
  }

  async submit(input: unknown, deadlineMs?: number): Promise<Task> {
    const id = this.send({ do: "submit", input, deadline_ms: deadlineMs ?? null });
    const { ok } = await this.find((finding) => (finding.id === id ? finding : undefined));
    return new Task(this, id, z.looseObject({ task_id: z.string() }).parse(ok).task_id);
  }

  async call(tool: string, args?: unknown): Promise<ToolAnswer> {
    return ToolAnswerSchema.parse(await this.ask({ do: "call", tool, arguments: args }));
  }

  /** Ends the host without a shutdown request to the child, as Roder does. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#gone;
  }

  #take(finding: Finding): void {
    this.findings.push(finding);
    for (const watch of [...this.#watchers]) watch(finding);
  }
}

function dispatchEnding({ ok, error, aborted, panic }: Finding): DispatchEnding | undefined {
  if (error !== undefined) return { error };
  if (aborted) return { aborted: true };
  if (panic) return { panic: true };
  return ok === undefined ? undefined : { result: ResultSchema.parse(ok) };
}
