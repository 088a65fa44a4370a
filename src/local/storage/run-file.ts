/**
 * A run on disk: a line for each thing that happened, appended before anybody is told of it. A process that is killed
 * leaves at most a torn last line, which is no part of the file.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { isTerminal, type Run } from "../model/run.ts";
import type { RunWriter, StoredRun } from "../model/cloud-store.ts";
import { type RunFileLine, RunFileLineSchema, type RunHead, RunHeadSchema } from "./file-schemas.ts";

const NEW_LINE = 0x0a;

/** Undefined when not even the first line is whole. */
export function readRunFile(path: string): StoredRun | undefined {
  const [first, ...lines] = wholeLines(readFileSync(path));
  const head = RunHeadSchema.safeParse(first).data?.run;
  if (!head) return undefined;
  const kept: StoredRun = {
    id: head.id,
    deploymentId: head.deployment_id,
    payload: head.payload,
    createdAt: head.created_at,
    startedAt: undefined,
    history: [],
    entries: [],
    artifacts: [],
    stopReason: undefined,
    output: undefined,
    usage: {},
  };
  for (const value of lines) {
    const line = RunFileLineSchema.safeParse(value).data;
    if (!line) break; // what follows may depend on it
    if ("event" in line) kept.entries.push(line);
    else if ("artifact" in line) kept.artifacts.push(line.artifact);
    else {
      kept.history.push({ at: line.at, status: line.status, message: line.message });
      kept.startedAt = line.started_at;
      kept.stopReason = line.stop_reason;
      kept.output = line.output;
      kept.usage = line.usage;
    }
  }
  return kept;
}

export class RunFile implements RunWriter {
  readonly #path: string;
  readonly #guard: (write: () => void) => void;
  #file: number | undefined;

  /** `guard` takes what goes wrong with the disk. */
  constructor(path: string, run: Run, guard: (write: () => void) => void) {
    this.#path = path;
    this.#guard = guard;
    guard(() => {
      const length = wholeLength(path);
      if (length !== undefined) truncateSync(path, length);
      this.#file = openSync(path, "a", 0o600);
      const head: RunHead = {
        v: 1,
        run: { id: run.id, deployment_id: run.deployment.id, payload: run.payload, created_at: run.createdAt },
      };
      if (!length) this.#write(head);
    });
  }

  event({ sequence, at, event }: Parameters<RunWriter["event"]>[0]): void {
    this.#append({ sequence, at, event });
  }

  artifact(row: Parameters<RunWriter["artifact"]>[0]): void {
    this.#append({ artifact: row });
  }

  statusChange({ current: { at, status, message }, startedAt, stopReason, output, usage }: Run): void {
    this.#append({
      status,
      at,
      ...(message === undefined ? {} : { message }),
      ...(startedAt === undefined ? {} : { started_at: startedAt }),
      ...(stopReason === undefined ? {} : { stop_reason: stopReason }),
      ...(output === undefined ? {} : { output }),
      usage,
    });
    if (isTerminal(status)) this.#close();
  }

  #append(line: RunFileLine): void {
    this.#guard(() => {
      this.#file ??= openSync(this.#path, "a", 0o600);
      this.#write(line);
    });
  }

  #write(line: RunFileLine | RunHead): void {
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    this.#guard(() => fsyncSync(file));
    this.#guard(() => closeSync(file));
  }
}

function wholeLines(bytes: Buffer): unknown[] {
  const lines: unknown[] = [];
  for (const text of bytes.toString("utf8", 0, bytes.lastIndexOf(NEW_LINE) + 1).split("\n")) {
    if (text === "") continue;
    try {
      lines.push(JSON.parse(text));
    } catch {
      break;
    }
  }
  return lines;
}

/** How much of the file are whole lines; undefined when there is no file. */
function wholeLength(path: string): number | undefined {
  return existsSync(path) ? readFileSync(path).lastIndexOf(NEW_LINE) + 1 : undefined;
}
