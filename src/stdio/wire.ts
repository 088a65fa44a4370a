/**
 * What an adapter sees of its host: the methods and notifications it handles, the notifications and requests it sends, and
 * the end. Framing, correlation, back-pressure, size limits and redaction are behind it.
 */
import type { Readable, Writable } from "node:stream";
import type * as z from "zod";
import type { Ambient } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import type { Redactor } from "../support/redact.ts";
import { describeIssues, JITLESS } from "../support/zod.ts";

/** Why a wire ends: stdin closed, a signal arrived, the host stopped reading, or a method asked for it. */
export type EndCause = "eof" | "signal" | "broken_pipe" | "requested";

export interface Wire {
  /**
   * Sends a notification. Resolves when the pipe has taken it, which is how a slow host slows its own run; never
   * rejects: if the host is gone, the message is dropped and the wire ends.
   */
  notify(method: string, params: object): Promise<void>;
  /**
   * Sends a request and returns the host's result, checked against `schema`. Rejects with `HostError` when the host
   * answers with an error, with the signal's reason when it is aborted, and with an `ExecutionFailure` otherwise:
   * `timed_out` after `timeoutMs`, `contract` for a result of another shape, `cancelled` when the wire ends, `internal`
   * for params that cannot be sent.
   *
   * An aborted or late request is cancelled on the host's side, too, if the wire has a notification for that.
   */
  request<S extends z.ZodType>(
    method: string,
    params: object,
    schema: S,
    options: HostRequestOptions,
  ): Promise<z.output<S>>;
}

/** Both are required: a host may never answer. */
export interface HostRequestOptions {
  signal: AbortSignal;
  /** Milliseconds until the request fails with `timed_out`. */
  timeoutMs: number;
}

/** The host's own error in answer to a request of ours. */
export class HostError extends Error {
  override readonly name = "HostError";
  readonly code: number;
  readonly data: unknown;
  constructor(code: number, message: string, data: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export interface MethodContext {
  wire: Wire;
  /** Aborted when the host cancels this request. Never aborted on a wire without a `cancellation`. */
  signal: AbortSignal;
  /**
   * Calls `run` once the reply has been handed to the pipe, so that nothing it sends can overtake the reply. Not called
   * when the host got an error instead, or nothing.
   */
  afterReply(run: () => void): void;
  /** Ends the wire once the reply, or an error in its place, is out (a shutdown request). */
  endAfterReply(): void;
}

/** Returned by a method that ends without a reply, neither a result nor an error. Compared by identity. */
export const NO_REPLY: object = Object.freeze({});

export type Method = (params: unknown, context: MethodContext) => object | Promise<object>;

/** Handles a notification. It is never answered and nothing waits for it; what it throws is logged. */
export type NotificationHandler = (params: unknown, context: Pick<MethodContext, "wire">) => void | Promise<void>;

/** How a wire cancels a request, in either direction. Courier and Roder have methods of their own for it. */
export interface Cancellation {
  /** Name of the notification. The names that `notifications` cannot have are not possible here either. */
  notification: string;
  /** Returns the id in the params of a notification that has arrived. What is not the id of an open request is ignored. */
  requestId(params: unknown): unknown;
  /** Returns the params that cancel our own request. */
  paramsFor(requestId: string): object;
  /** Whether a cancelled request is still answered with what its method returns. MCP forbids it, ACP requires it. */
  replies: boolean;
}

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
  /**
   * Handlers by notification; the others are ignored. `$/cancelRequest`, `$/progress` and `$/logTrace` are never called:
   * vscode-jsonrpc keeps them for itself.
   * @default {}
   */
  notifications?: Readonly<Record<string, NotificationHandler>>;
  /** Absent on a wire whose requests cannot be cancelled. */
  cancellation?: Cancellation;
  /** The adapter's table from failure to wire code. `unknown_method` is asked for requests without a method here. */
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
  /** Aborted when the process was asked to end. That may have been before the wire is served: an event would be missed. */
  shutdown: AbortSignal;
}

/** Returns a method that checks its params first: those that do not fit are refused as `invalid_input`, by name. */
export function method<S extends z.ZodType>(
  schema: S,
  run: (params: z.output<S>, context: MethodContext) => object | Promise<object>,
): Method {
  return (params, context) => run(check(schema, params), context);
}

/** Returns a handler that checks its params first: a notification whose params do not fit is ignored. */
export function notification<S extends z.ZodType>(
  schema: S,
  run: (params: z.output<S>, context: Pick<MethodContext, "wire">) => void | Promise<void>,
): NotificationHandler {
  return (params, context) => run(check(schema, params), context);
}

function check<S extends z.ZodType>(schema: S, params: unknown): z.output<S> {
  const parsed = schema.safeParse(params ?? {}, JITLESS);
  if (!parsed.success) throw new ExecutionFailure("invalid_input", describeIssues(parsed.error));
  return parsed.data;
}
