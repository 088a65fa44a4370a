/**
 * The error class for every expected failure. Its kind is a closed union that decides whether a call is repeated, the level
 * of the log line, and the code a host gets (each adapter has a complete table from kinds to its codes).
 *
 * A remote run that ends badly is an outcome, not a failure (`src/core/events.ts`).
 */
export type FailureKind =
  /** The caller's own data is wrong: a parameter, a parcel, an option. */
  | "invalid_input"
  /** The caller asks for something this product does not do. */
  | "unsupported"
  /** No key, or a key the service does not accept. */
  | "unauthorized"
  | "forbidden"
  | "payment_required"
  | "not_found"
  | "conflict"
  | "rate_limited"
  /** The service, or the connection to it, is down for now. */
  | "unavailable"
  /** Our own deadline passed before a remote run existed. */
  | "timed_out"
  /** The request was stopped before a remote run existed. */
  | "cancelled"
  /** A run may or may not have been started: the create call's answer was lost and the run was not found. */
  | "unknown_outcome"
  /** The answer of the service cannot be read by this version. */
  | "contract"
  /** A bug of this program. */
  | "internal";

/**
 * What a person can do about it. A code and not words: each front end has its own, and a program that uses the library
 * has none of our commands (`src/core/host/command-hints.ts`).
 */
export type Hint =
  /** Look at the organization's runs: one may exist that is not known here. */
  | "list_runs"
  /** Read the run as the service has it: not all of it is here. */
  | "show_run"
  /** Decide what an earlier run waits for: `hintRunId`, where it is known. */
  | "list_approvals"
  /** Let the interrupted run `hintRunId` go on. */
  | "resume_run"
  /** Delete the deployment, so that the next request makes a new one. */
  | "prune_deployments"
  /** Name the deployment to run on: which of those that exist is ours cannot be told. */
  | "name_deployment";

export interface FailureDetails {
  /** HTTP status, if one was received. */
  status?: number;
  /** Machine-readable code of the service, if it gave one. */
  code?: string;
  /** `x-request-id` of the service, for support. */
  requestId?: string;
  /** What `Retry-After` asked for, in milliseconds. */
  retryAfterMs?: number;
  /** True when the request did not leave this machine, so that repeating it does nothing twice. */
  neverSent?: boolean;
  /** True when the request was sent and no answer came in time: the service may still be working on it. */
  overdue?: boolean;
  /** True when the answer is not JSON at all, as one that broke off on its way. */
  garbled?: boolean;
  /** True when the answer is longer than what is read into memory. */
  tooLarge?: boolean;
  /** True when something else answered in the service's place: neither the key nor the request was judged. */
  byStranger?: boolean;
  /** True when the message names what stands in the way and what to do about it. */
  explained?: boolean;
  hint?: Hint;
  /** The deployment that failed to build. */
  failedDeployment?: string;
  /** The run that the hint is about. */
  hintRunId?: string;
}

export class ExecutionFailure extends Error {
  override readonly name = "ExecutionFailure";
  readonly kind: FailureKind;
  readonly details: FailureDetails;

  /** `message` is shown to people as it is: what happened, why, what to do; no ids, no secrets. */
  constructor(kind: FailureKind, message: string, options: { cause?: unknown; details?: FailureDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.details = options.details ?? {};
  }

  /** Whether the same idempotent call may be repeated. For creating a run this alone does not decide. */
  get retryable(): boolean {
    return this.kind === "rate_limited" || this.kind === "unavailable";
  }

  /** Of starting a run: whether one may go on all the same, so that it must not be started again. A bug leaves that open, too. */
  get mayHaveStarted(): boolean {
    return this.kind === "unknown_outcome" || this.kind === "internal";
  }
}

/** Whether `thrown` is a failure of one of these kinds. */
export function isOneOf(kinds: ReadonlySet<FailureKind>, thrown: unknown): boolean {
  return thrown instanceof ExecutionFailure && kinds.has(thrown.kind);
}

/** Returns `thrown` as a failure. An unexpected error becomes `internal`, with itself as the cause only. */
export function asFailure(thrown: unknown): ExecutionFailure {
  if (thrown instanceof ExecutionFailure) return thrown;
  return new ExecutionFailure("internal", "seren-bridge met an error it did not foresee; its log has the details", {
    cause: thrown,
  });
}
