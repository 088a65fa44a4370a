/** `batch`: many prompts, each as a run of its own. */
import { type Command, Option } from "commander";
import {
  chooseDeployment,
  DEFAULT_TIMEOUT_MS,
  generalAgentTarget,
  MAX_TIMEOUT_MS,
  type Target,
} from "../../../core/index.ts";
import { Stopped } from "../../../support/abort.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { dollars } from "../../../support/money.ts";
import type { BatchFolder, BatchPlan } from "../batch/batch-folder.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit-code.ts";
import { registryOf } from "../live/follow.ts";
import { count, duration, parseDuration } from "../screen/format.ts";
import { printError, printLine } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import type { Context, Remote } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";
import { refuseModel } from "./run.ts";
import { SAVE_ARTIFACTS } from "./start-run.ts";

const DEFAULT_CONCURRENCY = 8;
const MOST_CONCURRENCY = 64;
const MOST_PROMPT_BYTES = 4 * 1024 * 1024;
const SHOWN_CHARACTERS = 2_000;

interface Options {
  out: string;
  template?: string;
  concurrency?: string;
  deployment?: string;
  model?: string;
  timeout?: string;
  approvals: "wait" | "return";
  saveArtifacts?: string;
  resume?: boolean;
  dryRun?: boolean;
}

export function addBatch(program: Command, context: CommandContext): void {
  const command = program
    .command("batch")
    .summary("run many prompts, each as a run of its own, and collect the results")
    .description(
      "Runs each row of a file, some at a time, and writes one result a row, in the order of the rows. Each row is started once at\nmost, whatever happens: after an interruption --resume follows what was started and begins the rest.\nEach run costs what Seren Cloud charges your organization; --dry-run estimates it.",
    )
    .argument("[rows]", "a file of JSON lines or a .csv with column names, or - for stdin; not with --resume")
    .requiredOption("-o, --out <file>", "where the results go: one JSON object a line (seren-bridge schema batch)")
    .option("--template <text>", "the prompt of each row, with {column} for what the row has there (default: {prompt})")
    .option("-n, --concurrency <n>", `runs at a time, at most ${MOST_CONCURRENCY} (default: ${DEFAULT_CONCURRENCY})`)
    .option("-d, --deployment <id>", "run on this deployment instead of the general agent")
    .option("-m, --model <id>", "run the general agent on this model, e.g. anthropic/claude-sonnet-4.6")
    .option("-t, --timeout <time>", "cancel a run after this long, e.g. 90s, 15m, 2h (default: 30m)")
    .addOption(
      new Option("--approvals <how>", "when a run asks for an approval: wait, or leave it waiting and go on")
        .choices(["wait", "return"])
        .default("wait"),
    )
    .option(...SAVE_ARTIFACTS)
    .option("--resume", "go on with the batch whose results go to --out")
    .option("--dry-run", "start nothing: show the first prompt and what the batch may cost");
  examples(command, [
    ["seren-bridge batch prompts.jsonl --out results.jsonl", 'rows such as {"prompt": "What to do"}'],
    ["seren-bridge batch cities.csv --template 'What is {city} known for?' --out results.jsonl", "a table"],
    [
      "seren-bridge batch cities.csv --template 'What is {city} known for?' --out results.jsonl --dry-run",
      "what it may cost",
    ],
    ["seren-bridge batch --resume --out results.jsonl", "after an interruption"],
  ]);
  command.action(
    action(context, (rows: string | undefined, options: Options) =>
      options.resume ? resume(context, rows, options) : begin(context, rows, options),
    ),
  );
}

async function begin(context: Context, source: string | undefined, options: Options): Promise<ExitCode> {
  if (source === undefined) {
    throw new ExecutionFailure(
      "invalid_input",
      "which rows? Write: seren-bridge batch prompts.jsonl --out results.jsonl (or --resume to go on with a batch)",
    );
  }
  const concurrency = concurrencyOf(options);
  const plan = await planOf(context, source, options);
  if (options.dryRun) return dryRun(context, plan, concurrency);
  const remote = await context.services.remote();
  return work(context, remote, await remote.batches.create(options.out, plan), { ...options, concurrency });
}

async function resume(context: Context, source: string | undefined, options: Options): Promise<ExitCode> {
  const { template, deployment, model, timeout, saveArtifacts } = options;
  const given = Object.entries({
    "the rows": source,
    "--template": template,
    "--deployment": deployment,
    "--model": model,
    "--timeout": timeout,
    "--save-artifacts": saveArtifacts,
    "--dry-run": options.dryRun,
  }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 0) {
    throw new ExecutionFailure(
      "invalid_input",
      `--resume goes on as the batch was begun; leave out ${given.join(", ")} (only --out and --concurrency are read)`,
    );
  }
  const concurrency = concurrencyOf(options);
  const remote = await context.services.remote();
  return work(context, remote, await remote.batches.open(options.out), { ...options, concurrency });
}

/** Nothing is sent, and every prompt is made, before the first run is started. */
async function planOf({ services, screen }: Context, source: string, options: Options): Promise<BatchPlan> {
  const { deployment, model, timeout, template, approvals, saveArtifacts } = options;
  if (deployment !== undefined && model !== undefined)
    throw new ExecutionFailure("invalid_input", "--deployment and --model exclude each other");
  refuseModel(model);
  const [{ readRows }, { promptOfRow }] = await Promise.all([
    import("../batch/read-rows.ts"),
    import("../batch/template.ts"),
  ]);
  const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(timeout, "--timeout");
  const requested = deployment === undefined ? undefined : { deploymentId: deployment, named: "--deployment" };
  const configured = model === undefined ? services.deployment : undefined;
  const target = chooseDeployment({ requested, configured, workload: () => generalAgentTarget() });
  const named = target.kind === "deployment" ? { deploymentId: target.deploymentId, named: target.named } : undefined;
  const rows = (await readRows(screen, source)).map((input, index) => {
    const prompt = promptOfRow(template, input, index + 1);
    if (Buffer.byteLength(prompt) <= MOST_PROMPT_BYTES) return { input, prompt };
    throw new ExecutionFailure("invalid_input", `the prompt of row ${index + 1} is larger than 4 MiB`);
  });
  return {
    ...(named ? { deployment: named } : {}),
    ...(model === undefined ? {} : { model }),
    timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS),
    onApproval: approvals,
    ...(saveArtifacts === undefined ? {} : { saveTo: saveArtifacts }),
    rows,
  };
}

function concurrencyOf({ concurrency }: Options): number {
  if (concurrency === undefined) return DEFAULT_CONCURRENCY;
  const number = /^\d{1,3}$/.test(concurrency) ? Number(concurrency) : 0;
  if (number >= 1 && number <= MOST_CONCURRENCY) return number;
  throw new ExecutionFailure("invalid_input", `--concurrency is not a number from 1 to ${MOST_CONCURRENCY}`);
}

async function dryRun({ services, screen }: Context, plan: BatchPlan, concurrency: number): Promise<ExitCode> {
  const { estimate } = await import("../batch/estimate.ts");
  const [first] = plan.rows;
  const { length } = plan.rows;
  const where = plan.deployment
    ? `the deployment ${plan.deployment.deploymentId}`
    : `the general agent${plan.model ? ` on ${plan.model}` : ""}`;
  printLine(
    screen,
    `${count(length, "run")} on ${where}, ${Math.min(concurrency, length)} at a time. The first prompt:`,
    "",
  );
  const prompt = first?.prompt ?? "";
  const isCut = prompt.length > SHOWN_CHARACTERS;
  printLine(
    screen,
    isCut ? `${prompt.slice(0, SHOWN_CHARACTERS).toWellFormed()}… (${prompt.length} characters)` : prompt,
    "",
  );
  const target = targetOf(plan);
  const { organization } = await services.remote();
  printLine(
    screen,
    await estimate(organization, plan, target.kind === "workload" ? target.name : undefined, concurrency),
  );
  printError(screen, "Nothing was started.");
  return EXIT.ok;
}

function targetOf({ deployment, model }: BatchPlan): Target {
  return deployment ? { kind: "deployment", ...deployment } : generalAgentTarget({ model });
}

async function work(
  context: Context,
  remote: Remote,
  folder: BatchFolder,
  { out, concurrency }: { out: string; concurrency: number },
): Promise<ExitCode> {
  const { services, screen } = context;
  const [{ Tally, progressWords }, { Progress }, { batchResult }] = await Promise.all([
    import("../batch/tally.ts"),
    import("../batch/progress.ts"),
    import("../batch/batch-result.ts"),
  ]);
  const { plan, states, earlier } = folder;
  const { ambient } = services;
  const tally = new Tally(plan.rows.length, earlier);
  const target = targetOf(plan);
  const began = ambient.now();
  const stop = new AbortController();
  let unsaved = 0;
  const batch = remote.batch({
    rows: plan.rows.map(({ prompt }) => ({ target, message: prompt, onApproval: plan.onApproval })),
    states,
    notes: folder,
    registry: registryOf(services, remote),
    ambient,
    concurrency,
    timeoutMs: plan.timeoutMs,
    async resultOf(row, end) {
      if (plan.saveTo !== undefined && "outcome" in end) {
        const saved = await remote.saveArtifacts(end.outcome, plan.saveTo, stop.signal);
        unsaved += saved.filter((one) => "problem" in one).length;
      }
      return batchResult(row, plan.rows[row]?.input ?? {}, end);
    },
    onEnded: (_, result) => tally.add(result),
  });
  const moment = () => ({
    tally,
    active: batch.active,
    waiting: batch.waiting,
    pauseMs: batch.pauseMs,
    elapsedMs: ambient.now() - began,
    endedHere: tally.ended - earlier.length,
  });
  const progress = new Progress(screen, ambient, () => progressWords(moment()));
  let interrupts = 0;
  const release = services.onInterrupt(() => {
    interrupts += 1;
    if (interrupts === 1) {
      batch.drain();
      printError(
        screen,
        `No more rows are begun; ${count(batch.active, "run")} still to end. Ctrl-C again cancels them.`,
      );
    } else if (interrupts === 2) {
      stop.abort(new Stopped("person"));
      batch.cancel();
      printError(screen, "Cancelling. Ctrl-C again leaves at once; --resume then follows what still runs.");
    } else services.leave(EXIT.cancelled);
  });
  try {
    progress.start();
    const stoppedBy = await batch.run().finally(() => progress.end());
    const isDone = tally.ended === tally.total;
    if (isDone) await folder.finish();
    const cost = tally.micros > 0 ? `, ${dollars(tally.micros)}` : "";
    const what = `${count(tally.ended, "row")}: ${tally.outcomes() || "none has ended"}${cost}, ${duration(ambient.now() - began)}.`;
    printError(screen, `${what} Results: ${out}`);
    if (unsaved > 0) printError(screen, `seren-bridge: ${count(unsaved, "artifact")} could not be saved`);
    if (isDone) return unsaved > 0 && tally.exitCode() === EXIT.ok ? EXIT.failed : tally.exitCode();
    if (stoppedBy) printError(screen, `seren-bridge: stopped: ${oneLine(services.redactor.redact(stoppedBy.message))}`);
    printError(
      screen,
      `${count(tally.total - tally.ended, "row")} left. Go on with: seren-bridge batch --resume --out ${oneLine(out)}`,
    );
    return stoppedBy ? exitCodeOf(stoppedBy) : EXIT.cancelled;
  } finally {
    release();
    await folder.close();
  }
}
