/**
 * What an adapter sees of its host: methods it answers, notifications it sends, and the end. Framing, correlation,
 * back-pressure, size limits and redaction are behind it.
 */
import type { Readable, Writable } from "node:stream";
import type * as z from "zod";
import type { Ambient } from "../support/ambient.ts";
import type { ExecutionFailure } from "../support/failure.ts";
import { ExecutionFailure as Failure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import type { Redactor } from "../support/redact.ts";
import { describeIssues, JITLESS } from "../support/zod.ts";

export { describeIssues };

/** Why a wire ends: stdin closed, a signal arrived, the host stopped reading, or a method asked for it. */
export type EndCause = "eof" | "signal" | "broken_pipe" | "requested";

export interface Wire {
  /**
   * Sends a notification. Resolves when the pipe has taken it, which is how a slow host slows its own run; never
   * rejects: if the host is gone, the message is dropped and the wire ends.
   */
  notify(method: string, params: object): Promise<void>;
}

export interface MethodContext {
  wire: Wire;
  /**
   * Calls `run` once the reply has been handed to the pipe, so that nothing it sends can overtake the reply. Not called
   * when the host got an error instead, or nothing.
   */
  afterReply(run: () => void): void;
  /** Ends the wire once the reply, or an error in its place, is out (a shutdown request). */
  endAfterReply(): void;
}

export type Method = (params: unknown, context: MethodContext) => object | Promise<object>;

export interface WireError {
  code: number;
  message: string;
  data?: object;
}

export interface ServeOptions {
  input: Readable;
  /** The claimed stdout. */
  output: Writable;
  methods: Readonly<Record<string, Method>>;
  /** The adapter's table from failure to wire code. `unknown_method` is asked for requests nobody answers. */
  toWireError(
    failure: ExecutionFailure | "unknown_method" | "parse_error" | "invalid_request",
    detail: string,
  ): WireError;
  /** Called once, first thing at the end: stop what runs. The wire waits for it, at most `endBudgetMs`. */
  onEnd(cause: EndCause): Promise<void>;
  endBudgetMs: number;
  redactor: Redactor;
  log: Log;
  ambient: Ambient;
  /** Where signals come from; `process` outside tests. */
  signals?: { on(name: "SIGINT" | "SIGTERM", listener: () => void): unknown };
}

/** A method whose params are checked first: what does not fit is refused by name, as `invalid_input`. */
export function method<S extends z.ZodType>(
  schema: S,
  run: (params: z.output<S>, context: MethodContext) => object | Promise<object>,
): Method {
  return (params, context) => {
    const parsed = schema.safeParse(params ?? {}, JITLESS);
    if (!parsed.success) throw new Failure("invalid_input", describeIssues(parsed.error));
    return run(parsed.data, context);
  };
}
