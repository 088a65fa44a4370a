/**
 * The library: the core and the client that the front ends use. It reads no environment, neither reads nor writes the
 * streams of the process, and takes every setting as an argument.
 */

import { createEngine } from "./app/engine.ts";
import { readConfig } from "./config.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type ExecutionEvent,
  generalAgentTarget,
  type Outcome,
  type RunLimits,
  type RunReport,
  type RunRequest,
  type Target,
} from "./core/index.ts";
import type { SerenClient } from "./seren/index.ts";
import { unabortable } from "./support/abort.ts";
import { realAmbient } from "./support/ambient.ts";
import { ExecutionFailure } from "./support/failure.ts";
import { type Log, silentLog } from "./support/log.ts";
import { Secret } from "./support/secret.ts";

export type {
  Approval,
  Artifact,
  ExecutionEvent,
  Outcome,
  OutcomeKind,
  Phase,
  RunRef,
  RunReport,
  Target,
  Usage,
} from "./core/index.ts";
export type { CallOptions, ListRuns, SerenClient } from "./seren/index.ts";
export { ExecutionFailure, type FailureDetails, type FailureKind, type Hint } from "./support/failure.ts";
export type { Log, LogFields, LogLevel } from "./support/log.ts";

export interface SerenCloudOptions {
  /** Key of the organization. Not needed with `baseUrl: "local"`. */
  apiKey?: string;
  /** Default `https://api.serendb.com`; another https or loopback URL; `local` for the embedded service. */
  baseUrl?: string;
  /** Folder for the journal of runs in flight, which processes of a machine share. Default: the platform's state folder. */
  stateDir?: string;
  /** Receives methods, ids and durations, never prompts or answers. Default: nothing is logged. */
  log?: Log;
}

/** What to run. */
export interface RunInput extends Omit<RunRequest, "target" | "onApproval"> {
  /** Where to run it. Default: a general agent, which is deployed once per account. */
  target?: Target;
  /** Whether a run that needs an approval is waited for or returned. Default `return`. */
  onApproval?: RunRequest["onApproval"];
}

export interface ExecuteOptions {
  /** Aborting it cancels the remote run; the outcome then says so. Default: never. */
  signal?: AbortSignal;
  /** Milliseconds after which the run is cancelled. Default 1,800,000. */
  timeoutMs?: number;
}

export interface RunOptions extends ExecuteOptions {
  /**
   * Called with each event, in order. What it returns is awaited before the next event is taken; an error it throws
   * cancels the run and rejects the call. Default: events are dropped.
   */
  onEvent?: (event: ExecutionEvent) => unknown;
}

export interface SerenCloud {
  /**
   * Runs one request to its end. A run that ends badly is an outcome. Rejects with an `ExecutionFailure` when there is no
   * run to report (bad input, no key, no payment, no service).
   */
  run(input: RunInput, options?: RunOptions): Promise<Outcome>;
  /**
   * Does the same as `run`, as a generator: it yields the events and returns the outcome. Leaving the loop cancels the run.
   */
  execute(input: RunInput, options?: ExecuteOptions): AsyncGenerator<ExecutionEvent, Outcome, void>;
  /** Reads a run once, from `cursor` on. Rejects with `not_found` for an unknown id. */
  status(runId: string, cursor?: number): Promise<RunReport>;
  /** The calls of the service, one method each. They end with the `signal` of their options, which has to be given. */
  readonly client: SerenClient;
  /** Closes connections and files. Runs that have not ended go on. */
  close(): Promise<void>;
}

/** Opens a connection to Seren Cloud. Rejects with `invalid_input` for an unusable `baseUrl`; a bad key fails the first call. */
export async function openSerenCloud(options: SerenCloudOptions = {}): Promise<SerenCloud> {
  const { apiKey, baseUrl, stateDir, log = silentLog } = options;
  const config = readConfig({ SEREN_API_BASE: baseUrl, SEREN_BRIDGE_STATE_DIR: stateDir });
  const key = () => {
    if (apiKey) return new Secret(apiKey, "pass another apiKey");
    throw new ExecutionFailure(
      "unauthorized",
      'no API key was given: pass apiKey, or baseUrl "local" to try without one',
    );
  };
  const engine = await createEngine({ config, apiKey: key, ambient: realAmbient, log, host: "library" });
  const execute: SerenCloud["execute"] = (input, options) => engine.execute(requestOf(input), limitsOf(options));
  return {
    execute,
    client: engine.client,
    status: (runId, cursor) => engine.directory.status(runId, { cursor }),
    close: () => engine.close(),
    async run(input, { onEvent, ...limits } = {}) {
      let outcome: Outcome | undefined;
      async function* events() {
        outcome = yield* execute(input, limits);
      }
      for await (const event of events()) await onEvent?.(event); // leaving the loop cancels the run
      if (outcome) return outcome;
      throw new ExecutionFailure("internal", "a run ended without an outcome");
    },
  };
}

function requestOf({ target = generalAgentTarget(), onApproval = "return", ...rest }: RunInput): RunRequest {
  return { ...rest, target, onApproval };
}

/** The deadline counts from the call. */
function limitsOf({ signal, timeoutMs = DEFAULT_TIMEOUT_MS }: ExecuteOptions = {}): RunLimits {
  return { signal: signal ?? unabortable(), deadline: realAmbient.now() + timeoutMs };
}
