/**
 * The file of one run: a line for each event, status and artifact, appended before callers see it. A process that is
 * killed may leave an incomplete last line, which does not count.
 */
import { closeSync, fsyncSync, openSync, truncateSync, writeFileSync } from "node:fs";
import { readPlainFileSync } from "../../support/plain-file.ts";
import type { StoredRun } from "../model/cloud-store.ts";
import type { LogEntry } from "../model/event-log.ts";
import { isTerminal, type Run, type RunWriter } from "../model/run.ts";
import type { ArtifactRow } from "../model/run-data.ts";
import { type RunFileLine, RunFileLineSchema, type RunHead, RunHeadSchema } from "./file-schemas.ts";

const NEW_LINE = 0x0a;
/** Of one file of the folder. */
export const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Returns `undefined` when the first line is incomplete. */
export function readRunFile(path: string): StoredRun | undefined {
  const [first, ...lines] = completeLines(readPlainFileSync(path, MAX_FILE_BYTES)?.bytes ?? Buffer.alloc(0));
  const head = RunHeadSchema.safeParse(first).data?.run;
  if (!head) return undefined;
  const stored: StoredRun = {
    id: head.id,
    deploymentId: head.deployment_id,
    payload: head.payload,
    createdAt: head.created_at,
    source: head.source ?? "api",
    startedAt: undefined,
    history: [],
    entries: [],
    artifacts: [],
    output: undefined,
    usage: {},
  };
  for (const value of lines) {
    const line = RunFileLineSchema.safeParse(value).data;
    if (!line) break; // later lines may depend on it
    if ("event" in line) stored.entries.push(line);
    else if ("artifact" in line) stored.artifacts.push(line.artifact);
    else {
      stored.history.push({ at: line.at, status: line.status, message: line.message, stopReason: line.stop_reason });
      stored.startedAt = line.started_at;
      stored.output = line.output;
      stored.usage = line.usage;
    }
  }
  return stored;
}

export class RunFile implements RunWriter {
  readonly #path: string;
  readonly #guard: (write: () => void) => void;
  #file: number | undefined;

  /** `guard` calls the function that it is given, and handles the errors of the disk. */
  constructor(path: string, run: Run, guard: (write: () => void) => void) {
    this.#path = path;
    this.#guard = guard;
    guard(() => {
      const length = completeLength(path);
      if (length !== undefined) truncateSync(path, length);
      this.#file = openSync(path, "a", 0o600);
      const head: RunHead = {
        v: 1,
        run: {
          id: run.id,
          deployment_id: run.deployment.id,
          payload: run.payload,
          created_at: run.createdAt,
          source: run.source,
        },
      };
      if (!length) this.#write(head);
    });
  }

  writeEvent({ sequence, at, event }: LogEntry): void {
    this.#append({ sequence, at, event });
  }

  writeArtifact(row: ArtifactRow): void {
    this.#append({ artifact: row });
  }

  writeStatus({ current: { at, status, message, stopReason }, startedAt, output, usage }: Run): void {
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
    if (this.#file !== undefined) writeFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    this.#guard(() => fsyncSync(file));
    this.#guard(() => closeSync(file));
  }
}

/** Returns the values of the complete lines, up to the first that is not JSON. */
function completeLines(bytes: Buffer): unknown[] {
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

/** Returns the number of bytes in complete lines, or `undefined` when there is no file. */
function completeLength(path: string): number | undefined {
  const file = readPlainFileSync(path, MAX_FILE_BYTES);
  return file && file.bytes.lastIndexOf(NEW_LINE) + 1;
}
