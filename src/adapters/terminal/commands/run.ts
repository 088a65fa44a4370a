/** `run`: runs one prompt or parcel and follows it to its end. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import {
  chooseDeployment,
  DEFAULT_TIMEOUT_MS,
  generalAgentTarget,
  MAX_TIMEOUT_MS,
  type RunRequest,
} from "../../../core/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { clipCharacters } from "../../../support/clip.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { Responsive } from "../../../support/responsive.ts";
import { onOneLine } from "../../../support/unseen.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { followRequest, startDetached } from "../live/follow.ts";
import type { RunOutputLine } from "../live/run-output-lines.ts";
import { parseDuration } from "../screen/format.ts";
import { readStdin } from "../screen/read-stdin.ts";
import { printError, printLine } from "../screen/screen.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

const MAX_SHOWN_CHARACTERS = 200;

interface RunOptions {
  deployment?: string;
  timeout?: string;
  session?: string;
  inputs?: string;
  detach?: boolean;
  approvals: "wait" | "return";
  json?: boolean;
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
    .option("-t, --timeout <time>", "cancel the run after this long, e.g. 90s, 15m, 2h (default: 30m, or TIMEOUT RUN)")
    .option("-s, --session <name>", "a conversation the agent remembers from run to run")
    .option("--inputs <json>", "additional input for the agent, as JSON")
    .addOption(
      new Option("--approvals <how>", "when the run asks for an approval: wait, or return with exit code 5")
        .choices(["wait", "return"])
        .default("wait"),
    )
    .option("--detach", "print the run's id and exit; the run continues")
    .option("--json", "one JSON object per line instead of text (docs/cli.md has the schema)");
  command.configureOutput({
    outputError: (text, write) => write(text.includes("unknown option") ? text + DASH_PROMPT : text),
  });
  examples(command, [
    ["seren-bridge run 'Summarise the news about TypeScript'", "with the general agent"],
    ["seren-bridge run ./parcel 'hello'", "a built parcel"],
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
  const { services, screen } = context;
  const { request, defaultMs } = await requestFor(context, options);
  const timeoutMs = Math.min(options.timeout ? parseDuration(options.timeout, "--timeout") : defaultMs, MAX_TIMEOUT_MS);
  if (!options.detach) return followRequest(context, { request, timeoutMs, json: options.json === true });
  if (services.local) {
    throw new ExecutionFailure(
      "unsupported",
      "with SEREN_API_BASE=local the service ends with this command, so a run cannot outlive it; serve one with: seren-bridge local",
    );
  }
  const { runId, deploymentId } = await startDetached(context, request, timeoutMs);
  if (options.json) {
    const line: RunOutputLine = { type: "detached", run_id: runId, deployment_id: deploymentId };
    void screen.stdout.json(line);
    await screen.stdout.flushed();
  } else printLine(screen, runId);
  if (!options.json || screen.stdout.problem !== undefined)
    printError(screen, `The run continues. Follow it with: seren-bridge runs follow ${runId}`);
  return EXIT.ok;
}

async function requestFor({ services, screen }: Context, options: RunArguments) {
  const { what, message } = options;
  const common = {
    onApproval: options.approvals,
    ...(options.session ? { conversationId: options.session } : {}),
    ...(options.inputs === undefined ? {} : { inputs: parseInputs(options.inputs) }),
  } satisfies Partial<RunRequest>;
  const text = async (given: string) => {
    const read = given === "-" ? await readStdin(screen) : given;
    if (read.trim() === "")
      throw new ExecutionFailure("invalid_input", "the prompt is empty; write: seren-bridge run 'What to do'");
    return read;
  };
  const requested = options.deployment ? { deploymentId: options.deployment, named: "--deployment" } : undefined;
  if (await isFolder(what, services.ambient)) {
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
    const request: RunRequest = { ...common, target, operation, ...(given === undefined ? {} : { message: given }) };
    return { request, defaultMs: timeoutMs ?? DEFAULT_TIMEOUT_MS };
  }
  if (message !== undefined) {
    throw new ExecutionFailure(
      "invalid_input",
      `there is no parcel folder ${what}; a prompt of several words needs quotes around it`,
    );
  }
  const target = chooseDeployment({ requested, configured: services.deployment, workload: generalAgentTarget });
  const request: RunRequest = { ...common, target, message: await text(what) };
  return { request, defaultMs: DEFAULT_TIMEOUT_MS };
}

/** A word that is a prompt may be the name of a folder as well, e.g. `test`. */
function orThePrompt(error: unknown, what: string): ExecutionFailure {
  const { kind, message } = asFailure(error);
  const hint = `If ${JSON.stringify(what)} is the prompt, send it on stdin: echo '${what}' | seren-bridge run -`;
  return new ExecutionFailure(kind, `${message}. ${hint}`, { cause: error });
}

function parseInputs(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
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
