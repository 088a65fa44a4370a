/** `watch`: the runs in flight, whichever host started them. */
import type { Command } from "commander";
import { orAborted } from "../../../support/abort.ts";
import { sleep } from "../../../support/ambient.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { agentNames } from "../runs/find-run.ts";
import { STATE_WORDS } from "../runs/run-rows.ts";
import { duration } from "../screen/format.ts";
import { printJson, printLine } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import type { Context } from "../services.ts";
import { boardLines } from "../watch/board.ts";
import { listWatchedRuns, type WatchedRun } from "../watch/in-flight.ts";
import { watchSession } from "../watch/watch-session.ts";
import { action, type CommandContext, examples } from "./command.ts";

const LOOK_MS = 2_000;
/** Width of the list in a pipe or a file. */
const UNBOUNDED_COLUMNS = 200;

interface Options {
  all?: boolean;
  once?: boolean;
  json?: boolean;
}

export function addWatch(program: Command, context: CommandContext): void {
  const command = program
    .command("watch")
    .summary("every run this machine has in flight, live")
    .description(
      "Shows the runs that hosts and this command have in flight from this machine, with state, step and time.\nThe hosts themselves show little before a run ends. Select one to follow, approve, reject or cancel it. When stdout is\nnot a terminal, a line is printed for every change.",
    )
    .option("-a, --all", "all active runs of your organization")
    .option("--once", "print them once and exit")
    .option("--json", "JSON: one object per change, or a list with --once");
  examples(command, [
    ["seren-bridge watch", "beside Roder or Dispatch"],
    ["seren-bridge watch --all --once --json", "for a program"],
  ]);
  command.action(action(context, (options: Options) => watch(context, options)));
}

async function watch(context: Context, options: Options): Promise<ExitCode> {
  const { services, screen } = context;
  if (services.local) {
    throw new ExecutionFailure(
      "unsupported",
      "with SEREN_API_BASE=local every program has a service of its own, so there is nothing to watch; serve one with: seren-bridge local",
    );
  }
  const all = options.all === true;
  if (options.once) {
    const runs = await listWatchedRuns(services, { agentOf: await agentNames(services), all });
    if (options.json) printJson(screen, runs.map(watchedJson));
    else
      printLine(
        screen,
        ...boardLines(
          screen.stdout,
          runs,
          services.ambient.now(),
          screen.stdout.isTTY ? screen.stdout.columns : UNBOUNDED_COLUMNS,
        ),
      );
    return EXIT.ok;
  }
  if (screen.interactive && screen.animated && screen.stdout.isTTY && !options.json) {
    await watchSession(context, { all });
    return EXIT.ok;
  }
  return watchPlainly(context, { all, json: options.json === true });
}

/** Prints a line for every change, until interrupted. */
async function watchPlainly(
  { services, screen }: Context,
  { all, json }: { all: boolean; json: boolean },
): Promise<ExitCode> {
  const stop = new AbortController();
  const release = services.onInterrupt(() => stop.abort());
  screen.stdout.onFailure(() => stop.abort()); // what cannot be written, nobody watches
  let before = new Map<string, WatchedRun>();
  try {
    // A service that does not answer must not keep the command from ending.
    const agentOf = await orAborted(agentNames(services), stop.signal);
    for (;;) {
      const runs = await orAborted(listWatchedRuns(services, { agentOf, all }), stop.signal);
      const now = new Map(runs.map((run) => [run.runId ?? `${run.deploymentId} ${run.since}`, run]));
      for (const [id, run] of now) if (changed(before.get(id), run)) printChange(run);
      for (const [id, run] of before) if (!now.has(id)) printChange(run, "ended");
      before = now;
      await sleep(services.ambient, LOOK_MS, stop.signal);
    }
  } catch (error) {
    if (stop.signal.aborted) return EXIT.ok;
    throw error;
  } finally {
    release();
  }

  function printChange(run: WatchedRun, ended?: "ended"): void {
    const state = ended ?? (run.state === "starting" ? run.state : STATE_WORDS[run.state]);
    if (json) {
      void screen.stdout.json({ ...watchedJson(run), ...(ended ? { state: ended } : {}) });
      return;
    }
    const took = duration(services.ambient.now() - run.since);
    printLine(
      screen,
      [
        new Date(services.ambient.now()).toISOString(),
        run.runId ?? "-",
        state,
        took,
        run.host,
        oneLine(run.agent),
        oneLine(run.step ?? ""),
      ]
        .join("  ")
        .trimEnd(),
    );
  }
}

function changed(before: WatchedRun | undefined, now: WatchedRun): boolean {
  return before === undefined || before.state !== now.state || before.step !== now.step;
}

function watchedJson({ runId, deploymentId, since, ...rest }: WatchedRun): object {
  return {
    ...(runId ? { run_id: runId } : {}),
    deployment_id: deploymentId,
    ...rest,
    since: new Date(since).toISOString(),
  };
}
