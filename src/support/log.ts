/**
 * JSON lines on stderr, bounded. A host may never read our stderr (Dispatch reads it only after the process is gone),
 * so nothing is written while too much waits, and a process writes at most `MAX_TOTAL_BYTES` in all.
 * Methods, ids and durations belong here; prompts, payloads and answers never do.
 */
import type { Writable } from "node:stream";
import type { Redactor } from "./redact.ts";

const RANK = { error: 0, warn: 1, info: 2, debug: 3 } as const;
export type LogLevel = keyof typeof RANK;
export const LOG_LEVELS = Object.keys(RANK) as LogLevel[];

export type LogFields = Record<string, string | number | boolean | null | undefined>;
export interface Log {
  (level: LogLevel, message: string, fields?: LogFields): void;
  /** The same log with fields that every line repeats. */
  with(fields: LogFields): Log;
}

/** Below one pipe buffer (64 KiB), so that even an unread stderr never fills. */
const MAX_TOTAL_BYTES = 48 * 1024;
const MAX_WAITING_BYTES = 16 * 1024;

export function createLog(sink: Writable, threshold: LogLevel, redactor: Redactor, unbounded = false): Log {
  let written = 0;
  let dropped = 0;
  const write = (bound: LogFields, level: LogLevel, message: string, fields?: LogFields) => {
    if (RANK[level] > RANK[threshold]) return;
    if (!unbounded && (sink.writableLength > MAX_WAITING_BYTES || written > MAX_TOTAL_BYTES)) {
      dropped += 1;
      return;
    }
    const line = `${redactor.redact(JSON.stringify({ level, message, ...bound, ...fields, ...(dropped ? { dropped } : {}) }))}\n`;
    dropped = 0;
    written += line.length;
    sink.write(line);
  };
  const bind = (bound: LogFields): Log =>
    Object.assign((level: LogLevel, message: string, fields?: LogFields) => write(bound, level, message, fields), {
      with: (more: LogFields) => bind({ ...bound, ...more }),
    });
  return bind({});
}

export const silentLog: Log = Object.assign(() => undefined, { with: () => silentLog });
