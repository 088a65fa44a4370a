/** Shows what a batch would do and may cost. Nothing is started. */

import { EXIT, type ExitCode } from "../exit-code.ts";
import { count } from "../screen/format.ts";
import { printError, printLine } from "../screen/screen.ts";
import type { Context } from "../services.ts";
import type { BatchPlan } from "./batch-folder.ts";
import { estimate } from "./estimate.ts";
import { targetOf } from "./target.ts";

const SHOWN_CHARACTERS = 2_000;

export async function dryRun({ services, screen }: Context, plan: BatchPlan, concurrency: number): Promise<ExitCode> {
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
