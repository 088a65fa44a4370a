/** Serves one host on stdio, with an engine that is loaded when the first run needs it. */
import type { Writable } from "node:stream";
import type { Config } from "../config.ts";
import {
  countFields,
  createRunLog,
  RunCounters,
  type RunDirectory,
  RunRegistry,
  redactedReport,
} from "../core/index.ts";
import { apiKeyReader, keyDisk } from "../credentials.ts";
import { type EndCause, type HeardRequest, type ServeOptions, serve } from "../stdio/index.ts";
import { type Ambient, realAmbient } from "../support/ambient.ts";
import { endThoughCallsHang } from "../support/hanging-calls.ts";
import { lazy } from "../support/lazy.ts";
import { createLog, type Log } from "../support/log.ts";
import { createRedactor, type Redactor } from "../support/redact.ts";
import { type ReadSecret, Secret } from "../support/secret.ts";
import { settleWithin } from "../support/settle-within.ts";
import type { Engine } from "./engine.ts";
import { loadConfig } from "./load-config.ts";

/** Dispatch kills the process 200 ms after it asked for the end, and most of that has passed by now. */
const CLOSE_BUDGET_MS = 300;

/** How the entry starts the front end of a host. */
export interface HostStart {
  /** Claimed stdout. */
  frames: Writable;
  /** The file the host has started. */
  programPath: string;
  /** The host's first request, if the entry has answered it. */
  heard: HeardRequest | undefined;
}

/** What an adapter is built from. */
export interface HostContext {
  config: Config;
  registry: RunRegistry;
  engine: () => Promise<Engine>;
  apiKey: ReadSecret;
  /** Lets the key be read anew for what is sent from now on, unless runs go on with the present one. */
  renewKey(): void;
  /** Reads it anew in the same case. Rejects with `unauthorized` when there is none; then nothing changes. */
  requireKey(): Promise<void>;
  redactor: Redactor;
  /**
   * Runs of the account, without the secrets that their agents repeat: hosts shorten what they show, and half a secret could
   * not be recognised any more.
   */
  runs: Pick<RunDirectory, "status" | "cancel">;
  log: Log;
  ambient: Ambient;
  /** Starts loading the engine without waiting for it. */
  warmUp(): void;
  /** Gives up what this process holds, as in the end: nothing can be run any more. Takes a bounded time; never rejects. */
  release(): Promise<unknown>;
  /** Ends the program the way a signal does. */
  end(): void;
  /** Aborted by a signal, also when the input has ended before. */
  interrupted: AbortSignal;
}

export type Adapter = Pick<
  ServeOptions,
  "methods" | "notifications" | "cancellation" | "toWireError" | "onEnd" | "endBudgetMs"
>;

/**
 * Serves until the host is gone. The process then exits with 0 in any case: Dispatch drops the answer of a one-shot
 * process that exits with another code.
 */
export async function serveHost(
  { frames }: Pick<HostStart, "frames">,
  host: string,
  adapt: (context: HostContext) => Adapter | Promise<Adapter>,
): Promise<EndCause> {
  const ambient = realAmbient;
  const config = await loadConfig(ambient);
  const redactor = createRedactor();
  const log = createLog(process.stderr, config.logLevel, redactor).with({ host });
  const { problem } = config.file;
  if (problem) log("error", "the configuration file cannot be used", { problem: problem.message });
  const disk = keyDisk(config, ambient);
  let readKey: ReadSecret = config.local ? () => new Secret("local") : apiKeyReader(config, redactor, disk);
  const apiKey = () => readKey();
  for (const secret of config.secrets) redactor.add(secret);
  const { notify } = config.file;
  const notices =
    notify && (await import("./notices.ts")).openNotices({ config, notify, host, ambient, log, redactor });
  let loaded: Engine | undefined;
  const engine = lazy(async () => {
    loaded = await (await import("./engine.ts")).createEngine({
      config,
      apiKey,
      ambient,
      log,
      host,
      keepers: notices,
    });
    return loaded;
  });
  const registry = new RunRegistry(async () => (await engine()).execute, ambient, { redactor, log });
  const runs: HostContext["runs"] = {
    status: async (runId, look) => {
      const clean = (text: string) => redactor.redact(text);
      return redactedReport(await (await engine()).directory.status(runId, { ...look, clean }), redactor);
    },
    cancel: async (runId) => (await engine()).directory.cancel(runId),
  };
  const counters = new RunCounters();
  registry.watch(counters);
  registry.watch(createRunLog(log));
  if (notices) registry.watch(notices);

  // An unforeseen error must not end the process: Roder never restarts a child that has exited.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) =>
      log("error", event, { error: error instanceof Error ? (error.stack ?? "") : "" }),
    );
  }

  const isKeyFixed = () => config.local || registry.size > 0;
  const renewKey = () => {
    if (!isKeyFixed()) readKey = apiKeyReader(config, redactor, disk);
  };
  const requireKey = async () => {
    if (isKeyFixed()) return;
    const anew = apiKeyReader(config, redactor, disk);
    await anew();
    if (!isKeyFixed()) readKey = anew;
  };
  const warmUp = () =>
    void engine().catch((error: unknown) => log("info", "the engine could not be loaded", { error: String(error) })); // a run says why
  const release = lazy(() =>
    settleWithin(ambient, CLOSE_BUDGET_MS, Promise.resolve(loaded?.close()), { unref: false }),
  );
  const shutdown = new AbortController();
  const interruption = new AbortController();
  const end = () => shutdown.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      interruption.abort();
      end();
    });
  }
  endThoughCallsHang();
  process.on("SIGHUP", () => undefined); // a closed terminal; the end of stdin says whether the host is gone
  const interrupted = interruption.signal;
  const keys = { apiKey, renewKey, requireKey };
  const adapter = await adapt({
    config,
    registry,
    runs,
    engine,
    ...keys,
    redactor,
    log,
    ambient,
    warmUp,
    release,
    end,
    interrupted,
  });
  const cause = await serve({
    input: process.stdin,
    output: frames,
    ...adapter,
    redactor,
    log,
    ambient,
    shutdown: shutdown.signal,
  }).ended;
  log("info", "host session ended", { cause, ...countFields(counters.counts) });
  // A run that has ended must leave the journal, or the next start would look for it; a slow disk is not waited for.
  await release();
  return cause;
}
