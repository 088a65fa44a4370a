/** `runs reply` and `runs retry`: a next turn, and the same once more. */
import type { Command } from "commander";
import type { RunDirectory } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { findRunId } from "../runs/find-run.ts";
import { STATE_WORDS } from "../runs/run-rows.ts";
import { printError } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";
import { addStartOptions, promptOf, type StartOptions, start, type Wanted } from "./start-run.ts";

const MAX_TOOLS_SHOWN = 8;

interface RetryOptions extends StartOptions {
  yes?: boolean;
}

export function addReply(runs: Command, context: CommandContext): void {
  const reply = runs
    .command("reply")
    .summary("go on with a run that has ended: the next turn of its conversation")
    .description(
      "Starts another run in the conversation of this one, on the same deployment: the agent remembers what was said.",
    )
    .argument("<run>", "id of the run, or its beginning")
    .argument("<message>", "what comes next, or - for stdin");
  addStartOptions(reply);
  examples(reply, [
    ["seren-bridge runs reply 1f3c 'Now the same for the second chapter'", "follows the new run"],
    ["seren-bridge run --continue 'And then?'", "the same for the last run of this folder"],
  ]);
  reply.action(
    action(context, async (run: string, message: string, options: StartOptions) =>
      start(context, await nextTurn(context, run, message), options),
    ),
  );
}

export function addRetry(runs: Command, context: CommandContext): void {
  const retry = runs
    .command("retry")
    .summary("send what a failed run was asked for once more")
    .description(
      "Starts another run with the same input, in the same conversation and on the same deployment. A run that has used tools may have\nchanged something already, so it is sent again only with --yes.",
    )
    .argument("<run>", "id of the run, or its beginning")
    .option("-y, --yes", "also when the run has used tools, whose effects then happen twice, or was interrupted");
  addStartOptions(retry);
  examples(retry, [["seren-bridge runs retry 1f3c", "follows the new run"]]);
  retry.action(
    action(context, async (run: string, options: RetryOptions) =>
      start(context, await onceMore(context, run, options.yes === true), options),
    ),
  );
}

async function nextTurn(context: Context, typed: string, message: string): Promise<Wanted> {
  const { run, ending } = await earlier(context, typed);
  const { runId, conversationId } = run;
  if (ending === undefined) throw notOver(runId);
  if (conversationId === undefined) {
    throw new ExecutionFailure(
      "conflict",
      `Seren Cloud names no conversation of the run ${runId}, so its agent would remember nothing; start a new one with: seren-bridge run`,
    );
  }
  const text = await promptOf(context.screen, message, `seren-bridge runs reply ${typed} 'What comes next'`);
  return { request: { target: sameDeployment(run), conversationId, message: text } };
}

async function onceMore(context: Context, typed: string, isAllowed: boolean): Promise<Wanted> {
  const { run, ending, input, tools, isWhole, isInterrupted } = await earlier(context, typed);
  const { runId, conversationId } = run;
  const refuse = (why: string) => new ExecutionFailure("conflict", why);
  if (ending === undefined) throw notOver(runId);
  if (ending === "completed") {
    throw refuse(`the run ${runId} has completed; go on with it (runs reply ${runId}), or run its prompt again: run`);
  }
  if (!input)
    throw refuse(`Seren Cloud does not say what the run ${runId} was asked for; send it with: seren-bridge run`);
  if (!isAllowed && isInterrupted) {
    throw refuse(
      `the run ${runId} was interrupted and can go on: seren-bridge runs resume ${runId}. If it may happen twice: seren-bridge runs retry ${runId} --yes`,
    );
  }
  if (!isAllowed && (tools.length > 0 || !isWhole)) {
    const used = tools.slice(0, MAX_TOOLS_SHOWN).map(oneLine).join(", ");
    throw refuse(
      `the run ${runId} ${used ? `has used tools (${used})` : "cannot be read whole, so it may have used tools"} and may have changed something; ` +
        `look at it with runs show ${runId}, and if it may happen twice: seren-bridge runs retry ${runId} --yes`,
    );
  }
  printError(
    context.screen,
    `Sends what the run ${runId} (${STATE_WORDS[ending]}) was asked for once more, as a new run.`,
  );
  const conversation = conversationId === undefined ? {} : { conversationId };
  return { request: { target: sameDeployment(run), ...conversation, ...input } };
}

async function earlier({ services }: Context, typed: string): ReturnType<RunDirectory["earlier"]> {
  const { directory } = await services.remote();
  return directory.earlier(await findRunId(services, typed));
}

function sameDeployment({ runId, deploymentId }: Awaited<ReturnType<RunDirectory["earlier"]>>["run"]) {
  if (deploymentId !== "") return { kind: "deployment", deploymentId, named: `the run ${runId}` } as const;
  throw new ExecutionFailure(
    "conflict",
    `Seren Cloud does not say on which deployment the run ${runId} was; send it with: seren-bridge run -d <deployment>`,
  );
}

function notOver(runId: string): ExecutionFailure {
  return new ExecutionFailure(
    "conflict",
    `the run ${runId} has not ended; follow it with runs follow ${runId}, or stop it with runs cancel ${runId}`,
  );
}
