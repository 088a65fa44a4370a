/**
 * Seren Cloud for programs: the core and the client that the hosts' front ends use, without stdio and without the
 * environment. Nothing is read from or written to the process's streams, and every setting is an argument.
 */

import { createEngine } from "./app/engine.ts";
import { readConfig } from "./config.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type Execute,
  type ExecutionEvent,
  generalAgentTarget,
  type Outcome,
  type RunReport,
  type RunRequest,
  type Target,
} from "./core/index.ts";
import type { SerenClient } from "./seren/index.ts";
import { realAmbient } from "./support/ambient.ts";
import { ExecutionFailure } from "./support/failure.ts";
import { type Log, silentLog } from "./support/log.ts";
import { Secret } from "./support/secret.ts";

export type {
  Approval,
  Artifact,
  Execute,
  ExecutionEvent,
  Outcome,
  OutcomeKind,
  Phase,
  RunLimits,
  RunRef,
  RunReport,
  RunRequest,
  Target,
  Usage,
} from "./core/index.ts";
export type { CallOptions, ListRuns, SerenClient } from "./seren/index.ts";
export { ExecutionFailure, type FailureDetails, type FailureKind, type Hint } from "./support/failure.ts";
export type { Log, LogFields, LogLevel } from "./support/log.ts";

export interface SerenCloudOptions {
  /** Key of the organization. Not needed with `baseUrl: "local"`. */
  apiKey?: string;
  /** Default `https://api.serendb.com`; another https or loopback URL; `local` = the service inside this process. */
  baseUrl?: string;
  /** Folder for what a crash must not lose; shared with other processes. Default: the platform's state folder. */
  stateDir?: string;
  /** Takes methods, ids and durations; prompts and answers never. Default: nothing is logged. */
  log?: Log;
}

/** What to run. Without a target it goes to a general agent, which is deployed once per account. */
export type RunInput = Partial<RunRequest> & { target?: Target };

export interface RunOptions {
  /** Is told of everything that happens, in order; the next event is taken when it resolves. Throwing cancels the run. */
  onEvent?: (event: ExecutionEvent) => void | Promise<void>;
  /** Aborting it cancels the remote run; the outcome then says so. */
  signal?: AbortSignal;
  /** The run is cancelled after this many milliseconds. Default 1,800,000. */
  timeoutMs?: number;
}

export interface SerenCloud {
  /**
   * Runs one request to its end. A run that ends badly is an outcome; an `ExecutionFailure` is thrown when there is no run
   * to speak of (bad input, no key, no payment, no service).
   */
  run(input: RunInput, options?: RunOptions): Promise<Outcome>;
  /** The same as a generator that is pulled: its values are the events, its return value the outcome. */
  readonly execute: Execute;
  /** One look at a run by its id, from `cursor` on. Rejects with `not_found` for an unknown one. */
  status(runId: string, cursor?: number): Promise<RunReport>;
  /** The service's calls, one method each. */
  readonly client: SerenClient;
  /** Lets go of connections and files. Runs that are still going go on. */
  close(): Promise<void>;
}

/** Opens a connection to Seren Cloud. Throws `invalid_input` for an unusable `baseUrl`; a bad key fails the first call. */
export async function openSerenCloud(options: SerenCloudOptions = {}): Promise<SerenCloud> {
  const { apiKey, baseUrl, stateDir, log = silentLog } = options;
  const config = readConfig({ SEREN_API_BASE: baseUrl, SEREN_BRIDGE_STATE_DIR: stateDir });
  const key = () => {
    if (apiKey) return new Secret(apiKey);
    throw new ExecutionFailure(
      "unauthorized",
      'no API key was given: pass apiKey, or baseUrl "local" to try without one',
    );
  };
  const engine = await createEngine({ config, apiKey: key, ambient: realAmbient, log, host: "library" });
  return {
    execute: engine.execute,
    client: engine.client,
    status: (runId, cursor) => engine.directory.status(runId, cursor),
    close: () => engine.close(),
    async run(input, { onEvent, signal = new AbortController().signal, timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      const { target = generalAgentTarget(), onApproval = "return", ...rest } = input;
      const request: RunRequest = { ...rest, target, onApproval };
      let outcome: Outcome | undefined;
      async function* events() {
        outcome = yield* engine.execute(request, { signal, deadline: realAmbient.now() + timeoutMs });
      }
      for await (const event of events()) await onEvent?.(event); // leaving the loop cancels the run
      if (outcome) return outcome;
      throw new ExecutionFailure("internal", "a run ended without an outcome");
    },
  };
}
