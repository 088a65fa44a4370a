/**
 * JSON lines on stderr, with limits: a host may never read our stderr (Dispatch reads it after the process has ended). No
 * line is written while too much waits, and a process writes at most `MAX_TOTAL_BYTES`. Lines hold methods, ids and
 * durations, and never prompts, payloads or answers.
 */
import { clipBytes } from "./clip.ts";
import type { Redactor } from "./redact.ts";
import { escapeUnseenInJson } from "./unseen.ts";

const RANK = { error: 0, warn: 1, info: 2, debug: 3 } as const;
export type LogLevel = keyof typeof RANK;
export const LOG_LEVELS = Object.keys(RANK) as LogLevel[];

export type LogFields = Record<string, string | number | boolean | null | undefined>;
export interface Log {
  (level: LogLevel, message: string, fields?: LogFields): void;
  /** Returns the same log with fields that every line has. */
  with(fields: LogFields): Log;
}

/** Below the size of a pipe buffer (64 KiB), so that a stderr that is not read never fills. */
const MAX_TOTAL_BYTES = 48 * 1024;
const MAX_WAITING_BYTES = 16 * 1024;
/** A longer line keeps only its message, and of that `MAX_KEPT_BYTES`. */
const MAX_LINE_BYTES = 8 * 1024;
const MAX_KEPT_BYTES = 1024;

/** What lines are written to: a stream, or the writer of a screen. */
export interface LogSink {
  write(line: string): unknown;
  /** How much waits for the reader. */
  readonly writableLength: number;
}

export interface LogOptions {
  /** Writes every line, however long and however many. For a terminal, which a person reads. */
  unbounded?: boolean;
}

/** Returns a log of the lines up to `threshold`. Without `unbounded`, lines that exceed a limit are counted and dropped. */
export function createLog(
  sink: LogSink,
  threshold: LogLevel,
  redactor: Redactor,
  { unbounded = false }: LogOptions = {},
): Log {
  let written = 0;
  let dropped = 0;
  const encode = (fields: LogFields) => `${escapeUnseenInJson(redactor.redact(JSON.stringify(fields)))}\n`;
  const write = (bound: LogFields, level: LogLevel, message: string, fields?: LogFields) => {
    if (RANK[level] > RANK[threshold]) return;
    const lost = dropped ? { dropped } : {};
    let line = encode({ level, message, ...bound, ...fields, ...lost });
    if (!unbounded) {
      const bytes = Buffer.byteLength(line);
      if (bytes > MAX_LINE_BYTES) {
        line = encode({ level, message: clipBytes(redactor.redact(message), MAX_KEPT_BYTES), ...lost, bytes });
      }
      if (sink.writableLength > MAX_WAITING_BYTES || written + Buffer.byteLength(line) > MAX_TOTAL_BYTES) {
        dropped += 1;
        return;
      }
    }
    dropped = 0;
    written += Buffer.byteLength(line);
    sink.write(line);
  };
  const bind = (bound: LogFields): Log =>
    Object.assign((level: LogLevel, message: string, fields?: LogFields) => write(bound, level, message, fields), {
      with: (more: LogFields) => bind({ ...bound, ...more }),
    });
  return bind({});
}

export const silentLog: Log = Object.assign(() => undefined, { with: () => silentLog });
