/** Begins a batch, or goes on with one: what is typed becomes a plan, and the plan a folder. */
import { resolve } from "node:path";
import { chooseDeployment, DEFAULT_TIMEOUT_MS, generalAgentTarget, MAX_TIMEOUT_MS } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { refuseModel } from "../commands/run.ts";
import type { ExitCode } from "../exit-code.ts";
import { parseDuration } from "../screen/format.ts";
import type { Context } from "../services.ts";
import type { BatchPlan } from "./batch-folder.ts";
import { type BatchOptions, DEFAULT_CONCURRENCY, MOST_CONCURRENCY } from "./batch-options.ts";
import type { Row } from "./batch-result.ts";
import { dryRun } from "./dry-run.ts";
import { readRows } from "./read-rows.ts";
import { namesColumn, promptOfRow } from "./template.ts";
import { workOnBatch } from "./work-on-batch.ts";

const MOST_PROMPT_BYTES = 4 * 1024 * 1024;

export async function beginBatch(
  context: Context,
  source: string | undefined,
  options: BatchOptions,
): Promise<ExitCode> {
  if (source === undefined) {
    throw new ExecutionFailure(
      "invalid_input",
      "which rows? Write: seren-bridge batch prompts.jsonl --out results.jsonl (or --resume to go on with a batch)",
    );
  }
  refuseStdout(options);
  const concurrency = concurrencyOf(options);
  const plan = await planOf(context, source, options);
  if (options.dryRun) return dryRun(context, plan, concurrency);
  const remote = await context.services.remote();
  return workOnBatch(context, remote, await remote.batches.create(options.out, plan), { ...options, concurrency });
}

export async function resumeBatch(
  context: Context,
  source: string | undefined,
  options: BatchOptions,
): Promise<ExitCode> {
  const { template, deployment, model, timeout, approvals, saveArtifacts } = options;
  const given = Object.entries({
    "the rows": source,
    "--template": template,
    "--deployment": deployment,
    "--model": model,
    "--timeout": timeout,
    "--approvals": approvals,
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
  return workOnBatch(context, remote, await remote.batches.open(options.out), { ...options, concurrency });
}

/** Nothing is sent, and every prompt is made, before the first run is started. */
async function planOf({ services, screen }: Context, source: string, options: BatchOptions): Promise<BatchPlan> {
  const { deployment, model, timeout, template, approvals, saveArtifacts } = options;
  if (deployment !== undefined && model !== undefined)
    throw new ExecutionFailure("invalid_input", "--deployment and --model exclude each other");
  refuseModel(model);
  const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(timeout, "--timeout");
  const requested = deployment === undefined ? undefined : { deploymentId: deployment, named: "--deployment" };
  const configured = model === undefined ? services.deployment : undefined;
  const target = chooseDeployment({ requested, configured, workload: () => generalAgentTarget() });
  const named = target.kind === "deployment" ? { deploymentId: target.deploymentId, named: target.named } : undefined;
  const inputs = await readRows(screen, source);
  refuseSamePrompts(template, inputs);
  const rows = inputs.map((input, index) => {
    const prompt = promptOfRow(template, input, index + 1);
    if (Buffer.byteLength(prompt) <= MOST_PROMPT_BYTES) return { input, prompt };
    throw new ExecutionFailure("invalid_input", `the prompt of row ${index + 1} is larger than 4 MiB`);
  });
  return {
    ...(named ? { deployment: named } : {}),
    ...(model === undefined ? {} : { model }),
    timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS),
    onApproval: approvals ?? "wait",
    ...(saveArtifacts === undefined ? {} : { saveTo: resolve(saveArtifacts) }),
    rows,
  };
}

/** Many runs of one prompt are hardly ever meant, and cost as much as if they were. */
function refuseSamePrompts(template: string | undefined, inputs: readonly Row[]): void {
  if (template === undefined || inputs.length < 2 || inputs.some((input) => namesColumn(template, input))) return;
  throw new ExecutionFailure(
    "invalid_input",
    "--template names no column, so every row would have the same prompt; write {column} for what the row has there ({{column}} stands for the word in braces)",
  );
}

/** Results are read again when the batch is gone on with, so they need a place. */
function refuseStdout({ out }: BatchOptions): void {
  if (out !== "-") return;
  throw new ExecutionFailure(
    "invalid_input",
    "--out is a file, which --resume needs as well; stdout cannot be one. For a file of that name write ./-",
  );
}

function concurrencyOf({ concurrency }: BatchOptions): number {
  if (concurrency === undefined) return DEFAULT_CONCURRENCY;
  const number = /^\d{1,3}$/.test(concurrency) ? Number(concurrency) : 0;
  if (number >= 1 && number <= MOST_CONCURRENCY) return number;
  throw new ExecutionFailure("invalid_input", `--concurrency is not a number from 1 to ${MOST_CONCURRENCY}`);
}
