/**
 * Replays the host's side of a recorded session. A line of the host is sent when the program has written what it had written
 * before that line in the recording. Ids of runs differ every time and are carried over from replies to requests.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { PROGRAM } from "./package-under-test.ts";

const LineSchema = z.object({ dir: z.enum(["host", "child"]), line: z.string() });
const MessageSchema = z.looseObject({
  id: z.int().optional(),
  method: z.string().optional(),
  params: z
    .looseObject({
      dispatchId: z.string().optional(),
      executionId: z.string().optional(),
      event: z
        .looseObject({ type: z.string(), stream: z.string().optional(), chunk: z.string().optional() })
        .optional(),
    })
    .optional(),
  result: z.looseObject({}).optional(),
  error: z.looseObject({}).optional(),
});
type Message = z.output<typeof MessageSchema>;

const EndSchema = z.looseObject({
  type: z.string(),
  error: z.string().optional(),
  result: z
    .looseObject({
      exit_reason: z.string().optional(),
      final_message: z.string().optional(),
      exit_code: z.int().nullish(),
      payload: z.looseObject({ status: z.string(), text: z.string().optional() }).optional(),
    })
    .optional(),
});

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Returns the messages without what may differ: ids, times, costs and the wording of the tools. */
export interface Account {
  /** By request id. */
  replies: Record<string, string>;
  /** By dispatch or execution, the program's id of the run taken out. */
  ends: Record<string, unknown>;
}

export class Replay {
  readonly #lines: { dir: "host" | "child"; message: Message; line: string }[];
  readonly #seen: Message[] = [];
  readonly #idsNow = new Map<string, string>();
  readonly #wake = new Set<() => void>();

  constructor(recording: string) {
    this.#lines = recording
      .trim()
      .split("\n")
      .map((text) => LineSchema.parse(JSON.parse(text)))
      .map(({ dir, line }) => ({ dir, line, message: MessageSchema.parse(JSON.parse(line)) }));
  }

  async run(): Promise<{ recorded: Account; seen: Account; exitCode: unknown }> {
    const stateDir = mkdtempSync(join(tmpdir(), "seren-bridge-"));
    const child = spawn(process.execPath, [PROGRAM, "roder"], {
      env: { PATH: process.env.PATH, SEREN_API_BASE: "local", SEREN_BRIDGE_STATE_DIR: stateDir },
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      return await this.#converse(child);
    } finally {
      child.kill();
      rmSync(stateDir, { recursive: true });
    }
  }

  async #converse(child: ChildProcess): Promise<{ recorded: Account; seen: Account; exitCode: unknown }> {
    if (!child.stdout || !child.stdin) throw new Error("the program has no pipes");
    const gone = once(child, "exit");
    createInterface(child.stdout).on("line", (line) => this.#take(line));
    const before: Message[] = [];
    for (const { dir, message, line } of this.#lines) {
      if (dir === "child") before.push(message);
      else {
        await this.#until(before);
        child.stdin.write(`${line.replace(UUID, (id) => this.#idsNow.get(id) ?? id)}\n`);
      }
    }
    await this.#until(before);
    const seen = account(this.#seen);
    child.stdin.end();
    const [exitCode] = await gone;
    return { recorded: account(before), seen, exitCode };
  }

  #take(line: string): void {
    const message = MessageSchema.parse(JSON.parse(line));
    this.#seen.push(message);
    const then = this.#lines.find((one) => one.dir === "child" && isCounterpart(one.message, message));
    if (then) {
      const now = line.match(UUID) ?? [];
      const past = then.line.match(UUID) ?? [];
      if (past.length === now.length) for (const [index, id] of past.entries()) this.#idsNow.set(id, now[index] ?? id);
    }
    for (const wake of [...this.#wake]) wake();
  }

  /** Resolves when the counterpart of each of these has been seen. */
  #until(messages: readonly Message[]): Promise<void> {
    const isDone = () => messages.every((then) => this.#seen.some((now) => isCounterpart(then, now)));
    if (isDone()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        if (!isDone()) return;
        this.#wake.delete(wake);
        resolve();
      };
      this.#wake.add(wake);
    });
  }
}

/** The same reply, the same end, or any progress of the same run: how progress is cut into pieces depends on time. */
function isCounterpart(one: Message, other: Message): boolean {
  if (one.id !== undefined) return one.id === other.id;
  return other.id === undefined && keyOf(one) === keyOf(other) && isEnd(one) === isEnd(other);
}

function keyOf({ params }: Message): string {
  return params?.dispatchId ?? params?.executionId ?? "";
}

function isEnd({ params }: Message): boolean {
  return params?.event?.type === "completed" || params?.event?.type === "failed";
}

function account(messages: readonly Message[]): Account {
  const replies: Account["replies"] = {};
  const ends: Account["ends"] = {};
  for (const message of messages) {
    if (message.id !== undefined) replies[message.id] = replyOf(message);
    else if (isEnd(message)) ends[keyOf(message)] = endOf(message, messages);
  }
  return { replies, ends };
}

function replyOf({ error, result }: Message): string {
  if (error) return "error";
  if (result && "isError" in result) return result.isError ? "tool error" : "tool result";
  return Object.keys(result ?? {})
    .sort()
    .join(" ");
}

function endOf(message: Message, all: readonly Message[]) {
  const { type, error, result } = EndSchema.parse(message.params?.event);
  const stdout = all.flatMap((other) => {
    const event = keyOf(other) === keyOf(message) ? other.params?.event : undefined;
    return event?.stream === "stdout" ? (event.chunk ?? "") : [];
  });
  return {
    type,
    error,
    exitReason: result?.exit_reason,
    finalMessage: result?.final_message,
    exitCode: result?.exit_code,
    status: result?.payload?.status,
    text: result?.payload?.text,
    stdout: stdout.join(""),
  };
}
