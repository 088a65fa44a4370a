/** The command line: the tree of commands, its help, and how a failure is reported. */
import { Command, CommanderError } from "commander";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { addAgents } from "./commands/agents.ts";
import { addApprovals } from "./commands/approvals.ts";
import { addBatch } from "./commands/batch.ts";
import { type CommandContext, exitCodeHelp } from "./commands/command.ts";
import { addCompletion } from "./commands/completion.ts";
import { addConfig } from "./commands/config.ts";
import { addDeployments } from "./commands/deployments.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addLocal } from "./commands/local.ts";
import { addLogin } from "./commands/login.ts";
import { addRun } from "./commands/run.ts";
import { addRuns } from "./commands/runs.ts";
import { addSetup } from "./commands/setup.ts";
import { addSpend } from "./commands/spend.ts";
import { addWatch } from "./commands/watch.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-code.ts";
import { errorLine } from "./live/run-output-lines.ts";
import { printError } from "./screen/screen.ts";
import { printable } from "./screen/text.ts";
import type { Context } from "./services.ts";

const ENVIRONMENT = `Environment (\`seren-bridge config\` shows what is in effect; most may stand in its file):
  SEREN_API_KEY             key of your Seren organization; else the one stored by \`seren-bridge login\`
  SEREN_API_BASE            default https://api.serendb.com; "local" for the embedded service
  SEREN_BRIDGE_SECRETS      credentials of other tools that a parcel may have (names with commas)
  SEREN_BRIDGE_DEPLOYMENT   deployment to use when neither parcel nor command names one
  SEREN_BRIDGE_CONFIG       configuration file, or "none"
  SEREN_BRIDGE_STATE_DIR    state folder
  SEREN_BRIDGE_COMPILE_CACHE  "off": compiled code is not kept between starts (Node 22.1 and later)
  SEREN_BRIDGE_LOG          error, warn, info or debug: a log as JSON lines on stderr
  SEREN_BRIDGE_MODEL_URL    makes the embedded service answer from an OpenAI-compatible endpoint, with
                            SEREN_BRIDGE_MODEL and SEREN_BRIDGE_MODEL_KEY
  HTTPS_PROXY, NO_PROXY     proxy, and hosts that are reached without it
  NO_COLOR, CI              no colours; no animation and no questions
`;

/** Runs the command that `args`, the words after the program's name, select. Never rejects: failures are reported. */
export async function runTerminal(args: readonly string[], context: Context): Promise<ExitCode> {
  const { screen } = context;
  screen.stdout.onFailure(() => {
    if (screen.stdout.problem) printError(screen, `seren-bridge: stdout cannot be written: ${screen.stdout.problem}`);
  });
  const code = await runCommand(args, context);
  await screen.stdout.flushed();
  return code === EXIT.ok && screen.stdout.problem !== undefined ? EXIT.failed : code;
}

async function runCommand(args: readonly string[], context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const setExitCode = (code: ExitCode) => {
    exitCode = code;
  };
  const program = buildProgram({ ...context, setExitCode });
  try {
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.ok;
    }
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportFailure(args, context, error);
  }
}

function buildProgram(context: CommandContext): Command {
  const { screen, services } = context;
  const program = new Command("seren-bridge");
  const hostModes = services.hostModes.map(({ mode, summary }) => `  ${mode.padEnd(9)} ${summary}`).join("\n");
  program
    .description("Runs prompts, Dispatch parcels and Roder subagents on Seren Cloud.")
    .version(services.version, "-v, --version", "print the version")
    .option("--no-color", "no colours (the same as NO_COLOR=1)")
    .showSuggestionAfterError(true)
    .showHelpAfterError("(seren-bridge --help lists all commands)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void screen.stdout.write(text),
      writeErr: (text) => void screen.stderr.write(text.replace(/^error: /, "seren-bridge: ")),
      getOutHelpWidth: () => screen.stdout.columns,
      getErrHelpWidth: () => screen.stderr.columns,
    })
    .addHelpText("after", `\nStarted by hosts, not by people:\n${hostModes}\n\n${ENVIRONMENT}\n${exitCodeHelp()}`);
  for (const add of COMMANDS) add(program, context);
  program.hook("preAction", (_, command) => refuseEmptyValues(command));
  nameHelp(program, "seren-bridge");
  return program;
}

/** An empty value is a variable that is not set. Taken for none, it sends a run, which costs, to another agent than was meant. */
function refuseEmptyValues(command: Command): void {
  const empty = command.options.find((option) => command.getOptionValue(option.attributeName()) === "");
  if (empty)
    throw new ExecutionFailure("invalid_input", `${empty.long ?? empty.flags} has no value; give one, or leave it out`);
}

/** After a usage error each command points to its own help. */
function nameHelp(command: Command, path: string): void {
  for (const child of command.commands) {
    child.showHelpAfterError(`(${path} ${child.name()} --help has examples)`);
    nameHelp(child, `${path} ${child.name()}`);
  }
}

const COMMANDS: readonly ((program: Command, context: CommandContext) => void)[] = [
  addRun,
  addBatch,
  addWatch,
  addRuns,
  addSpend,
  addApprovals,
  addAgents,
  addDeployments,
  addLogin,
  addDoctor,
  addSetup,
  addConfig,
  addLocal,
  addCompletion,
];

function reportFailure(args: readonly string[], { screen, services }: Context, error: unknown): ExitCode {
  const failure = asFailure(error);
  const code = exitCodeOf(failure);
  const { message, ...line } = errorLine(failure);
  const words = services.redactor.redact(message);
  if (args.includes("--json")) void screen.stdout.json({ ...line, message: words });
  else printError(screen, `${screen.errorColors.red("seren-bridge:")} ${printable(words)}`);
  if (
    failure.kind === "internal" &&
    failure.cause instanceof Error &&
    services.variable("SEREN_BRIDGE_LOG") === "debug"
  ) {
    printError(screen, services.redactor.redact(failure.cause.stack ?? ""));
  }
  return code;
}
