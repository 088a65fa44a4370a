/** `runs`: lists, shows, follows, cancels and resumes runs; `going-on.ts` has the commands that start another one. */
import type { Command } from "commander";
import {
  cutWords,
  generalAgentTarget,
  MAX_TIMEOUT_MS,
  type RunReport,
  visibleText,
  withAdvice,
} from "../../../core/index.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { followRequest } from "../live/follow.ts";
import { keepArtifacts } from "../live/keep-artifacts.ts";
import { artifactFields } from "../live/run-output-lines.ts";
import { agentNames, findRunId } from "../runs/find-run.ts";
import { paintState, runColumns, runJson, STATE_WORDS } from "../runs/run-rows.ts";
import { cost, duration, parseDuration, tokens } from "../screen/format.ts";
import { printError, printJson, printLine, printUnreadable, wantsJson } from "../screen/screen.ts";
import { keyValueTable, table } from "../screen/table.ts";
import { oneLine, printable } from "../screen/text.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";
import { addExport } from "./export.ts";
import { addReply, addRetry } from "./going-on.ts";
import { SAVE_ARTIFACTS } from "./start-run.ts";

const MAX_LISTED = 100;

export function addRuns(program: Command, context: CommandContext): void {
  const runs = program
    .command("runs")
    .summary("list, show, follow, cancel, resume runs; go on with one")
    .description(
      "Runs of your organization, whichever host started them. Ids may be shortened to their first characters.",
    );
  examples(runs, [
    ["seren-bridge runs list --active", "list active runs"],
    ["seren-bridge runs follow 1f3c", "follow a run that was started elsewhere"],
    ["seren-bridge runs cancel 1f3c", "stop it"],
    ["seren-bridge runs reply 1f3c 'And then?'", "go on with one that has ended"],
  ]);

  const list = runs
    .command("list")
    .summary("list the latest runs")
    .option("-n, --limit <number>", `how many, at most ${MAX_LISTED}`, "20")
    .option("-a, --active", "only runs that have not ended")
    .option("-d, --deployment <id>", "only runs of this deployment")
    .option("--json", "JSON instead of a table (the default when stdout is not a terminal)");
  examples(list, [["seren-bridge runs list --active --json", "for a program"]]);
  list.action(action(context, (options: ListOptions) => showList(context, options)));

  const show = runs
    .command("show")
    .summary("show one run with its answer so far")
    .argument("<run>", "id of the run, or its beginning")
    .option(...SAVE_ARTIFACTS)
    .option("--json", "JSON instead of text (the default when stdout is not a terminal)");
  examples(show, [
    ["seren-bridge runs show 1f3c", "state, cost and answer"],
    ["seren-bridge runs show 1f3c --save-artifacts .", "and the files that it has left"],
  ]);
  show.action(action(context, (run: string, options: ShowOptions) => showOne(context, run, options)));

  const follow = runs
    .command("follow")
    .summary("follow a run from its beginning to its end")
    .description("Shows the whole run, from its beginning until it ends. Ctrl-C stops following; the run continues.")
    .argument("<run>", "id of the run, or its beginning")
    .option("-t, --timeout <time>", "stop following after this long, e.g. 15m", "24h")
    .option(...SAVE_ARTIFACTS)
    .option("--json", "one JSON object per line, as with `run --json`");
  examples(follow, [["seren-bridge runs follow 1f3c", "the exit code is the run's"]]);
  follow.action(
    action(context, async (run: string, options: ShowOptions & { timeout: string }) =>
      followRequest(context, {
        // The target is unused when a run is attached to.
        request: { target: generalAgentTarget(), attachTo: await findRunId(context.services, run), onApproval: "wait" },
        timeoutMs: Math.min(parseDuration(options.timeout, "--timeout"), MAX_TIMEOUT_MS),
        json: options.json === true,
        saveTo: options.saveArtifacts,
      }),
    ),
  );

  addExport(runs, context);

  const cancel = runs.command("cancel").summary("stop runs").argument("<run...>", "ids, or their beginnings");
  examples(cancel, [["seren-bridge runs cancel 1f3c 9ab0", "returns when Seren Cloud has accepted the request"]]);
  cancel.action(action(context, (ids: string[]) => cancelAll(context, ids)));

  addReply(runs, context);
  addRetry(runs, context);

  const resume = runs
    .command("resume")
    .summary("let a run go on that a restart of its runtime has interrupted")
    .argument("<run>", "id of the run, or its beginning");
  examples(resume, [
    ["seren-bridge runs resume 1f3c", "prints the id of the run that goes on; `runs follow` shows it"],
  ]);
  resume.action(action(context, (run: string) => resumeOne(context, run)));
}

interface ShowOptions {
  json?: boolean;
  saveArtifacts?: string;
}

interface ListOptions {
  limit: string;
  active?: boolean;
  deployment?: string;
  json?: boolean;
}

async function showList({ services, screen }: Context, options: ListOptions): Promise<ExitCode> {
  const limit = /^\d{1,3}$/.test(options.limit) ? Number(options.limit) : 0;
  if (limit < 1 || limit > MAX_LISTED)
    throw new ExecutionFailure("invalid_input", `--limit is "${options.limit}"; it can be 1 to ${MAX_LISTED}`);
  const { organization } = await services.remote();
  const { rows, unreadable } = await organization.runs({
    limit,
    ...(options.active ? { goingOn: true } : {}),
    ...(options.deployment ? { deploymentId: options.deployment } : {}),
  });
  printUnreadable(screen, unreadable, "run");
  if (wantsJson(screen, options)) {
    printJson(screen, rows.map(runJson));
    return EXIT.ok;
  }
  if (rows.length === 0 && unreadable === 0) {
    printLine(
      screen,
      options.active ? "No run is active." : "There are no runs yet. Start one with: seren-bridge run 'What to do'",
    );
    return EXIT.ok;
  }
  const columns = runColumns(screen.colors, services.ambient.now(), await agentNames(services));
  printLine(
    screen,
    ...table(columns, rows, { writer: screen.stdout, columns: screen.stdout.columns, dim: screen.colors.dim }),
  );
  return EXIT.ok;
}

async function showOne(context: Context, typed: string, options: ShowOptions): Promise<ExitCode> {
  const { services, screen } = context;
  const runId = await findRunId(services, typed);
  const { organization, directory } = await services.remote();
  const [row, report, agentOf] = await Promise.all([
    organization.run(runId),
    directory.status(runId),
    agentNames(services),
  ]);
  const text = report.outcome?.text ?? report.text;
  if (wantsJson(screen, options)) {
    printJson(screen, {
      ...runJson(row),
      text,
      approvals: report.approvals,
      artifacts: (report.outcome?.artifacts ?? []).map(artifactFields),
    });
    return saved(context, report, options);
  }
  const { dim } = screen.colors;
  const now = services.ambient.now();
  printLine(
    screen,
    ...keyValueTable(
      [
        ["run", row.run.runId],
        [
          "state",
          paintState(screen.colors, row.state)(STATE_WORDS[row.state]) + (row.detail ? `: ${oneLine(row.detail)}` : ""),
        ],
        ["agent", oneLine(agentOf(row.run.deploymentId))],
        ["deployment", row.run.deploymentId],
        ["started", new Date(row.startedAt).toLocaleString()],
        ["took", duration((row.endedAt ?? now) - row.startedAt)],
        ["cost", row.endedAt === undefined ? undefined : cost(row.usage)],
        ["tokens", tokens(row.usage)],
        ["page", row.run.url && oneLine(row.run.url)],
        ["answer", report.outcome?.cut && cutWords(report.outcome.cut)],
        ["message", row.message && oneLine(row.message)],
        ["approvals", report.approvals.map(({ tool }) => visibleText(tool)).join(", ")],
        [
          "artifacts",
          report.outcome?.artifacts
            .map(({ title, kind, uri }) => oneLine([title ?? kind, uri].filter(Boolean).join(" ")))
            .join(", "),
        ],
      ],
      dim,
    ),
  );
  if (text) printLine(screen, "", printable(text).trimEnd());
  if (row.state === "awaiting_approval")
    printError(screen, "", `Decide with: seren-bridge approvals approve ${row.run.runId}`);
  return saved(context, report, options);
}

async function saved(context: Context, { run, outcome }: RunReport, { saveArtifacts }: ShowOptions): Promise<ExitCode> {
  if (saveArtifacts === undefined) return EXIT.ok;
  if (!outcome) {
    throw new ExecutionFailure(
      "conflict",
      `the run ${run.runId} has not ended, so its files are not saved; wait for it with: seren-bridge runs follow ${run.runId} --save-artifacts ${saveArtifacts}`,
    );
  }
  return (await keepArtifacts(context, outcome, saveArtifacts)) ? EXIT.ok : EXIT.failed;
}

async function cancelAll({ services, screen }: Context, typed: readonly string[]): Promise<ExitCode> {
  const { directory } = await services.remote();
  let failed = false;
  for (const one of typed) {
    try {
      const runId = await findRunId(services, one);
      const ended = await directory.cancel(runId);
      if (ended === undefined) printLine(screen, `${runId}: Seren Cloud is cancelling it`);
      else if (ended === "cancelled") printLine(screen, `${runId}: it is cancelled`);
      else printLine(screen, `${runId}: had already ended (${STATE_WORDS[ended]})`);
    } catch (error) {
      failed = true;
      printError(screen, `seren-bridge: ${one}: ${oneLine(withAdvice(asFailure(error)))}`);
    }
  }
  return failed ? EXIT.failed : EXIT.ok;
}

async function resumeOne({ services, screen }: Context, typed: string): Promise<ExitCode> {
  const { directory } = await services.remote();
  const { runId } = await directory.resume(await findRunId(services, typed));
  printLine(screen, runId);
  return EXIT.ok;
}
