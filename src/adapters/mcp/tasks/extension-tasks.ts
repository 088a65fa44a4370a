/**
 * Tasks as the extension of revision 2026-07-28 has them: a start of a client that names the extension is answered with a
 * task, and the client looks at it until its result is there. The id of the run is the id of the task, so that a task outlives
 * this process.
 */
import { MISSING_CAPABILITY, TASKS_EXTENSION } from "#protocols/mcp";
import { answerWithin, decideCommand } from "../../../core/index.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import type { Call } from "../calls/call.ts";
import type { Caller } from "../calls/callers.ts";
import type { Approvals } from "../elicitation/approvals.ts";
import { failureText } from "../failure-text.ts";
import type { McpOptions } from "../options.ts";
import { ProtocolError } from "../protocol-error.ts";
import { type RunState, runResult } from "../tools/run-state.ts";
import type { RunTools, Subject } from "../tools/run-tools.ts";
import { POLL_MS, type Task, type TaskStatus, TaskStore, taskTimes } from "./task-store.ts";

const MAX_CANCEL_MS = 2_000;

/** What a task has besides its status. */
type Inlined = { result: object } | { inputRequests: object } | { statusMessage: string } | Record<string, never>;

export class ExtensionTasks {
  readonly #options: McpOptions;
  readonly #tools: RunTools;
  readonly #approvals: Approvals;
  readonly #store: TaskStore;

  constructor(options: McpOptions, tools: RunTools, approvals: Approvals) {
    this.#options = options;
    this.#tools = tools;
    this.#approvals = approvals;
    this.#store = new TaskStore(options.ambient);
  }

  /** Starts a run and returns its task. Throws why there is none. */
  async create(call: Call): Promise<object> {
    const task = this.#store.add(await this.#tools.start(call), null);
    return { resultType: "task", ...shown(task.id, task) };
  }

  async get(taskId: string, call: Call): Promise<object> {
    const known = this.#store.find(taskId);
    const { status, times, inlined } = await this.#look(this.#subjectOf(taskId), known, call);
    if (known) this.#store.set(known, status);
    return { ...shown(taskId, known ?? { status, ...times }), ...inlined };
  }

  /** A response to what is not asked, or was answered before, is ignored. */
  async update(taskId: string, responses: Readonly<Record<string, unknown>>): Promise<object> {
    await this.#approvals.answer(this.#subjectOf(taskId).runId, responses);
    return {};
  }

  async cancel(taskId: string): Promise<object> {
    const { ambient, runs } = this.#options;
    const { own } = this.#subjectOf(taskId);
    if (own) this.#tools.cancelRun(own);
    else await answerWithin(ambient, MAX_CANCEL_MS, runs.cancel(taskId)).catch(refuse);
    return {};
  }

  #subjectOf(taskId: string): Subject {
    const own = this.#store.find(taskId)?.own ?? this.#tools.find(taskId);
    return { own, runId: own?.run?.runId ?? taskId };
  }

  async #look(
    subject: Subject,
    task: Task | undefined,
    call: Call,
  ): Promise<{ status: TaskStatus; times: Pick<Task, "createdAt" | "updatedAt">; inlined: Inlined }> {
    const now = this.#options.ambient.now();
    const { own } = subject;
    if (own && !own.ended) {
      const times = task ?? { createdAt: now, updatedAt: now };
      const waits = own.phase === "awaiting_approval";
      return { times, ...(waits ? await this.#waiting(subject.runId, call) : { status: "working", inlined: {} }) };
    }
    // A run that never came to be is a result for the model, as it is without tasks.
    if (own?.failure && !own.run) {
      const content = [{ type: "text", text: failureText(own.failure) }];
      const times = { createdAt: now, updatedAt: now };
      return { status: "completed", times, inlined: { result: complete({ content, isError: true }) } };
    }
    const {
      state,
      waits,
      isOver,
      createdAt = now,
      updatedAt = createdAt,
    } = await this.#tools.stateOf(subject).catch(refuse);
    const times = { createdAt, updatedAt };
    if (isOver) return { times, ...ended(state, call.caller) };
    return { times, ...(waits ? await this.#waiting(state.run_id, call) : { status: "working", inlined: {} }) };
  }

  /** Without a question that can be asked here, the task goes on: only a terminal decides. */
  async #waiting(runId: string, call: Call): Promise<{ status: TaskStatus; inlined: Inlined }> {
    const inputRequests = await this.#approvals.open(runId, call);
    if (inputRequests) return { status: "input_required", inlined: { inputRequests } };
    const statusMessage = `waits for a person, who decides with: ${decideCommand(runId)} (or reject)`;
    return { status: "working", inlined: { statusMessage } };
  }
}

/** Throws for a caller that has not named the extension with its request. */
export function requireTasks(caller: Caller): void {
  if (caller.era === "stateless" && caller.hasTasks) return;
  throw new ProtocolError("unsupported", `this needs a client with the extension ${TASKS_EXTENSION}`, {
    code: MISSING_CAPABILITY,
    data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
  });
}

/** A run that ended badly is a result like any other; `failed` is for errors of the protocol. */
function ended(state: RunState, caller: Caller): { status: TaskStatus; inlined: Inlined } {
  if (state.status === "cancelled") return { status: "cancelled", inlined: {} };
  return { status: "completed", inlined: { result: complete(runResult(state, caller)) } };
}

/** Within a task, too, the official client asks a result what it is. */
const complete = (result: object) => ({ resultType: "complete", ...result });

function refuse(error: unknown): never {
  const { kind } = asFailure(error);
  if (kind !== "not_found" && kind !== "invalid_input") throw error;
  throw new ExecutionFailure("invalid_input", "there is no task with this id");
}

function shown(taskId: string, task: Pick<Task, "status" | "createdAt" | "updatedAt">) {
  return { taskId, status: task.status, ...taskTimes(task), ttlMs: null, pollIntervalMs: POLL_MS };
}
