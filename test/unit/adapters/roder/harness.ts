/** A Roder extension with a fake host and a fake Seren Cloud, in virtual time. */

import { expect } from "vitest";
import { SubagentEventParamsSchema, TaskEventParamsSchema } from "#protocols/roder-extension";
import {
  createRoderExtension,
  type RoderExtension,
  type RoderOptions,
  readManifest,
} from "../../../../src/adapters/roder/index.ts";
import { type Execute, RunRegistry } from "../../../../src/core/index.ts";
import type { MethodContext, Wire } from "../../../../src/stdio/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { FakeRuns, Remote } from "./remote.ts";

export const DISPATCHER = "seren-cloud";
export const EXECUTOR = "seren-cloud-run";
export const PROVIDER = "seren-cloud-tools";

export type Json = Record<string, unknown>;
export interface Reply {
  result?: Json;
  error?: { code: number; message: string };
}
/** A message that was sent to the host. */
export type Sent = { reply: string } | { method: string; params: Json };

export function manifestOnDisk() {
  const manifest = readManifest("dist/seren-bridge.mjs", "roder-extension.toml");
  if (manifest instanceof ExecutionFailure) throw manifest;
  return manifest;
}

export interface HostOptions
  extends Partial<Pick<RoderOptions, "manifest" | "definitions" | "target" | "onHandshakeTimeout" | "warmUp">> {
  execute?: Execute;
  /** Called with each notification; the pipe takes the notification when the returned promise resolves. */
  pipe?: (method: string, params: Json) => Promise<void>;
}

export class Host {
  readonly ambient = new VirtualAmbient(7, { startMs: 0 });
  /** The remote runs that were started, oldest first. */
  readonly remotes: Remote[] = [];
  readonly runs = new FakeRuns();
  readonly sent: Sent[] = [];
  readonly choices: Json[] = [];
  readonly registry: RunRegistry;
  readonly extension: RoderExtension;
  /** How often the engine was loaded. */
  loads = 0;
  ended = false;
  readonly #wire: Wire;

  constructor(options: HostOptions = {}) {
    const execute: Execute = (request, limits) => {
      const remote = new Remote(this.ambient, request, limits);
      this.remotes.push(remote);
      return remote.generate();
    };
    this.registry = new RunRegistry(
      async () => {
        this.loads += 1;
        return options.execute ?? execute;
      },
      this.ambient,
      { redactor: createRedactor() },
    );
    this.#wire = {
      notify: (method, params) => {
        const copy: Json = JSON.parse(JSON.stringify(params));
        checkEvent(method, copy);
        this.sent.push({ method, params: copy });
        return options.pipe?.(method, copy) ?? Promise.resolve();
      },
      request: (method) => Promise.reject(new Error(`Roder answers no requests: ${method}`)),
    };
    this.extension = createRoderExtension({
      registry: this.registry,
      ambient: this.ambient,
      log: silentLog,
      manifest: options.manifest ?? manifestOnDisk(),
      target:
        options.target ??
        ((choice) => {
          this.choices.push({ ...choice });
          return { kind: "deployment", deploymentId: choice.deploymentId ?? `of ${choice.agent}`, named: "a test" };
        }),
      definitions: options.definitions ?? (() => []),
      runs: this.runs,
      ...(options.onHandshakeTimeout ? { onHandshakeTimeout: options.onHandshakeTimeout } : {}),
      ...(options.warmUp ? { warmUp: options.warmUp } : {}),
    });
  }

  /** Calls the method as `serve` does, then what has to follow the reply. */
  async call(name: string, params: unknown): Promise<Reply> {
    const after: (() => void)[] = [];
    let reply: Reply;
    try {
      reply = { result: await this.invoke(name, params, after) };
    } catch (error) {
      const failure = error instanceof ExecutionFailure ? error : new ExecutionFailure("internal", String(error));
      reply = { error: this.extension.toWireError(failure, "") };
    }
    this.sent.push({ reply: name });
    if (reply.result) for (const run of after) run();
    await this.ambient.settle();
    return reply;
  }

  /** Calls the method and leaves what follows the reply in `after`. */
  invoke(name: string, params: unknown, after: (() => void)[]): Json | Promise<Json> {
    const method = this.extension.methods[name];
    if (!method) throw new Error(`no method ${name}`);
    const context: MethodContext = {
      wire: this.#wire,
      signal: new AbortController().signal,
      afterReply: (run) => after.push(run),
      endAfterReply: () => {
        this.ended = true;
      },
    };
    return method(params, context) as Json | Promise<Json>;
  }

  /** The events of a dispatch or an execution. */
  events(id: string): Json[] {
    return this.sent.flatMap((one) => {
      if (!("params" in one) || (one.params.dispatchId ?? one.params.executionId) !== id) return [];
      return [one.params.event as Json];
    });
  }

  /** The one terminal event. */
  terminal(id: string): Json {
    const terminal = this.events(id).filter((event) => event.type === "completed" || event.type === "failed");
    expect(terminal, `terminal events of ${id}`).toHaveLength(1);
    return terminal[0] as Json;
  }

  result(id: string): Json {
    return this.terminal(id).result as Json;
  }

  dispatch(id: string, request: Json = {}): Promise<Reply> {
    return this.call("subagents/dispatch", dispatchParams(id, request));
  }

  cancelDispatch(id: string): Promise<Reply> {
    return this.call("subagents/cancel", { dispatcherId: DISPATCHER, dispatchId: id, reason: "dispatch timed out" });
  }

  execute(id: string, input: unknown): Promise<Reply> {
    return this.call("tasks/execute", {
      executorId: EXECUTOR,
      executionId: id,
      taskId: "t",
      workspaceRoot: "/w",
      input,
    });
  }

  cancelTask(id: string): Promise<Reply> {
    return this.call("tasks/cancel", { executorId: EXECUTOR, executionId: id, reason: "task cancelled by host" });
  }

  async tool(name: string, args: unknown): Promise<{ content: string; isError: boolean; data: Json | null }> {
    const { result } = await this.call("tools/call", {
      providerId: PROVIDER,
      toolName: name,
      callId: "c",
      threadId: "t",
      turnId: "u",
      arguments: args,
    });
    return result as { content: string; isError: boolean; data: Json | null };
  }

  /** The remote run that was started last. */
  get remote(): Remote {
    const last = this.remotes.at(-1);
    if (!last) throw new Error("no remote run was started");
    return last;
  }
}

export function dispatchParams(id: string, request: Json = {}): Json {
  return {
    dispatcherId: DISPATCHER,
    dispatchId: id,
    parentThreadId: "th",
    parentTurnId: "tu",
    request: {
      description: "d",
      prompt: "p",
      subagent_type: null,
      model: null,
      tools: null,
      timeout_seconds: null,
      ...request,
    },
  };
}

/** Checks that the host can read every message. */
function checkEvent(method: string, params: Json): void {
  const schema = method === "subagents/event" ? SubagentEventParamsSchema : TaskEventParamsSchema;
  const parsed = schema.safeParse(params);
  expect(parsed.error?.issues ?? [], JSON.stringify(params).slice(0, 500)).toEqual([]);
  const line = JSON.stringify({ jsonrpc: "2.0", method, params });
  expect(Buffer.byteLength(line)).toBeLessThan(1024 * 1024);
  expect(line.isWellFormed() && !/\\ud[89a-f]/i.test(line), "well-formed").toBe(true);
}
