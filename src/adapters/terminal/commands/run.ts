/** `run`: runs one prompt or parcel and follows it to its end. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { chooseDeployment, generalAgentTarget, MODEL_ID, type RunRequest } from "../../../core/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { clipCharacters } from "../../../support/clip.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { Responsive } from "../../../support/responsive.ts";
import { onOneLine } from "../../../support/unseen.ts";
import type { ExitCode } from "../exit-code.ts";
import { refuseChanged } from "../screen/kept-json.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";
import { addStartOptions, promptOf, type StartOptions, start, type Wanted } from "./start-run.ts";

const MAX_SHOWN_CHARACTERS = 200;

interface RunOptions extends StartOptions {
  deployment?: string;
  model?: string;
  session?: string;
  continue?: boolean;
  inputs?: string;
}

interface RunArguments extends RunOptions {
  what: string;
  message: string | undefined;
}

const DASH_PROMPT = "If it is the prompt, put two dashes before it: seren-bridge run -- '- a list'\n";

export function addRun(program: Command, context: CommandContext): void {
  const command = program
    .command("run")
    .summary("run a prompt or a parcel on Seren Cloud and follow it")
    .description(
      "Runs a prompt, a built Dispatch parcel, or what comes on stdin, and shows the answer as it comes.\nThe run costs what Seren Cloud charges your organization. Ctrl-C cancels it.",
    )
    .argument("<what>", "a prompt, the folder of a built parcel, or - for a prompt on stdin")
    .argument("[message]", "with a parcel: the message or payload, or - for stdin")
    .option("-d, --deployment <id>", "run on this deployment instead of the general agent or the parcel's own")
    .option("-m, --model <id>", "run the general agent on this model, e.g. anthropic/claude-sonnet-4.6")
    .option("-s, --session <name>", "a conversation the agent remembers from run to run")
    .option("-c, --continue", "go on with the conversation of the last run that was started in this folder")
    .option("--inputs <json>", "additional input for the agent, as JSON");
  addStartOptions(command);
  command.configureOutput({
    outputError: (text, write) => write(text.includes("unknown option") ? text + DASH_PROMPT : text),
  });
  examples(command, [
    ["seren-bridge run 'Summarise the news about TypeScript'", "with the general agent"],
    ["seren-bridge run ./parcel 'hello'", "a built parcel"],
    ["seren-bridge run --continue 'And in French?'", "the next turn, with an agent that remembers"],
    ["git diff | seren-bridge run - > review.md", "prompt from a pipe, answer to a file"],
    ["id=$(seren-bridge run --detach 'A long task'); seren-bridge runs follow $id", "start now, follow later"],
    ["SEREN_API_BASE=local seren-bridge run 'hello'", "without a key, inside this program"],
  ]);
  command.action(
    action(context, (what: string, message: string | undefined, options: RunOptions) =>
      run(context, { ...options, what, message }),
    ),
  );
}

async function run(context: Context, options: RunArguments): Promise<ExitCode> {
  return start(context, await wantedBy(context, options), options);
}

async function wantedBy({ services, screen }: Context, options: RunArguments): Promise<Wanted> {
  const { what, message, session, model } = options;
  refuseTogether(options);
  const common: Partial<RunRequest> = {
    ...(session ? { conversationId: session } : {}),
    ...(options.inputs === undefined ? {} : { inputs: parseInputs(options.inputs) }),
  };
  const text = (given: string) => promptOf(screen, given, "seren-bridge run 'What to do'");
  const requested = options.deployment ? { deploymentId: options.deployment, named: "--deployment" } : undefined;
  if (await isFolder(what, services.ambient)) {
    refuseForParcel(options);
    const { parcelRequest } = await import("./parcel-request.ts");
    const given = message === undefined ? undefined : await text(message);
    const { target, operation, timeoutMs } = await parcelRequest(
      { services, screen },
      {
        path: what,
        message: given,
        requested,
      },
    ).catch(async (error: unknown) => {
      throw (await isThere(join(what, "manifest.json"))) ? error : orThePrompt(error, what);
    });
    const request = { ...common, target, operation, ...(given === undefined ? {} : { message: given }) };
    return { request, defaultMs: timeoutMs };
  }
  if (message !== undefined) {
    throw new ExecutionFailure(
      "invalid_input",
      `there is no parcel folder ${what}; a prompt of several words needs quotes around it`,
    );
  }
  if (options.continue) {
    const conversationId = await lastConversation({ services, screen });
    return { request: { ...common, target: { kind: "conversation" }, conversationId, message: await text(what) } };
  }
  const target =
    model === undefined
      ? chooseDeployment({ requested, configured: services.deployment, workload: () => generalAgentTarget() })
      : generalAgentTarget({ model });
  return { request: { ...common, target, message: await text(what) } };
}

/** What an option would say twice, or against another. */
function refuseTogether({ deployment, model, session, ...options }: RunOptions): void {
  const place = { "--deployment": deployment, "--model": model, "--continue": options.continue || undefined };
  const places = Object.entries(place).flatMap(([name, given]) => (given === undefined ? [] : [name]));
  if (options.continue && session !== undefined) places.push("--session");
  if (places.length > 1) throw new ExecutionFailure("invalid_input", `${places.join(" and ")} exclude each other`);
  refuseModel(model);
}

/** Throws `invalid_input` for what is no id of a model. */
export function refuseModel(model: string | undefined): void {
  if (model === undefined || MODEL_ID.test(model)) return;
  throw new ExecutionFailure(
    "invalid_input",
    `--model is "${clipCharacters(onOneLine(model), MAX_SHOWN_CHARACTERS, "…")}"; write the id of a model, e.g. anthropic/claude-sonnet-4.6`,
  );
}

function refuseForParcel({ what, model, ...options }: RunArguments): void {
  if (model === undefined && !options.continue) return;
  const why = options.continue
    ? "--continue sends a prompt to the agent of the last run, and this is a folder"
    : "--model is for the general agent, and this is a folder; a parcel names its model itself";
  throw orThePrompt(new ExecutionFailure("invalid_input", why), what);
}

async function lastConversation({ services }: Context): Promise<string> {
  if (services.local) {
    throw new ExecutionFailure(
      "unsupported",
      "with SEREN_API_BASE=local the service ends with each command, and its conversations with it; serve one with: seren-bridge local",
    );
  }
  const last = await (await services.remote()).conversations.last();
  if (last !== undefined) return last;
  throw new ExecutionFailure(
    "not_found",
    "no run was started in this folder yet, so there is nothing to go on with; seren-bridge runs reply <run> goes on with any",
  );
}

/** A word that is a prompt may be the name of a folder as well, e.g. `test`. */
function orThePrompt(error: unknown, what: string): ExecutionFailure {
  const { kind, message } = asFailure(error);
  const hint = `If ${JSON.stringify(what)} is the prompt, send it on stdin: echo '${what}' | seren-bridge run -`;
  return new ExecutionFailure(kind, `${message}. ${hint}`, { cause: error });
}

function parseInputs(text: string): unknown {
  try {
    const inputs: unknown = JSON.parse(text);
    refuseChanged(text, inputs, "--inputs");
    return inputs;
  } catch (cause) {
    if (cause instanceof ExecutionFailure) throw cause;
    throw new ExecutionFailure("invalid_input", `--inputs is not JSON; write for example --inputs '{"depth": 2}'`, {
      cause,
    });
  }
}

/** A prompt is no path that can be looked at: it may be too long for one, or hold characters that none can. */
async function isFolder(path: string, ambient: Ambient): Promise<boolean> {
  if (path === "-") return false;
  return new Responsive(clipCharacters(onOneLine(path), MAX_SHOWN_CHARACTERS, "…"), ambient).ask(() =>
    stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    ),
  );
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
