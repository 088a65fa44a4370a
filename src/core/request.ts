/** A request for a run, the same for every host. */
import type { NewDeployment } from "../seren/index.ts";
import type { ExecutionFailure } from "../support/failure.ts";

/** How to find the deployment a run goes to. */
export type Target =
  /** A deployment that a person named. It is used or the request fails; nothing is created in its place. */
  | { kind: "deployment"; deploymentId: string; named: string }
  /**
   * A workload of ours: `knownId` (from an earlier turn) is used while it exists, else one that was made ahead of its parcel
   * (`digest`), else a live deployment of this `name`, else a new one. `create` is called only for that.
   */
  | {
      kind: "workload";
      name: string;
      digest?: string;
      knownId?: string;
      create: () => NewDeployment | Promise<NewDeployment>;
    }
  /** Where the conversation of the request is at home: the deployment of its last run. There must be one. */
  | { kind: "conversation" };

/** Somebody who takes the run up again after a crash of this process: nobody else cancels it then. */
export interface Caretaker {
  /** Folder of this machine that keeps what is noted. Once it is gone, nobody takes the run up, and it is cancelled like any other. */
  folder: string;
  /**
   * Notes where the run is about to be started, and then, with `runId`, which one it is. Resolves when that is durable. A run
   * that cannot be noted is not started.
   */
  note(run: Omit<BegunRun, "since">): Promise<void>;
  /** Whether it takes the run up again after this failure to follow it. Otherwise the run is cancelled. */
  takesUpAfter(failure: ExecutionFailure): boolean;
}

/** What a caretaker has noted of a run. */
export interface BegunRun {
  /** Marks its create call. */
  requestId: string;
  deploymentId: string;
  /** Absent when it is not known whether there is one. */
  runId?: string;
  /** When it was about to be started, in milliseconds since the epoch. */
  since: number;
}

export interface RunRequest {
  target: Target;
  /** Text for the agent. Absent for a heartbeat tick without payload. */
  message?: string;
  /** Conversation the run belongs to, so that the agent remembers earlier turns. Default: for a chat, one of its own, which can be gone on with. */
  conversationId?: string;
  operation?: "chat" | "job" | "heartbeat";
  /** Any JSON value, passed to the runtime as it is. */
  inputs?: unknown;
  /**
   * Follow this run instead of starting one. It was started elsewhere, so stopping the request ends the following and does
   * not cancel the run.
   */
  attachTo?: string;
  /** With `attachTo`: the caller started this run in an earlier turn, so stopping the request cancels it. Default false. */
  owned?: boolean;
  /** When the run waits for a person: `wait` until the deadline, or `return` at once and leave it waiting. */
  onApproval: "wait" | "return";
  /** Once the id of the run is reported, stopping the request ends the following and does not cancel the run. Default false. */
  detach?: boolean;
  /** Its start in the ledger of what runs cost. */
  ledgerId?: string;
  /** Default: a run that a crash leaves behind is cancelled by the next start. */
  caretaker?: Caretaker;
  /** An earlier process has started the run, or may have: then it is looked for, and another is started only where there is none. */
  begun?: BegunRun;
}

export const DEFAULT_TIMEOUT_MS = 1_800_000;
/** Longest time limit of a request, in milliseconds. A host may send any u64 of seconds. */
export const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

export interface RunLimits {
  /** Aborting it cancels the remote run. The reason should be a `Stopped`. */
  signal: AbortSignal;
  /** Milliseconds since the epoch after which the run is cancelled and what was produced is returned. */
  deadline: number;
}
