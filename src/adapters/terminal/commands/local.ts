/** `local`: serves the embedded Seren Cloud until it is interrupted. */
import type { Command } from "commander";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printError, printLine } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import { padTo } from "../screen/width.ts";
import type { Context, LocalOddMember, LocalRequestLine, Services } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

interface Options {
  port: string;
  key?: string;
  faults?: string;
  state?: string;
  quiet?: boolean;
}

/** Needs no quotes in a shell, and is not guessed. */
const KEY = /^[A-Za-z0-9._-]{8,200}$/;

export function addLocal(program: Command, context: CommandContext): void {
  const command = program
    .command("local")
    .summary("serve the embedded Seren Cloud on this machine")
    .description(
      "Serves the published Seren Cloud API on loopback, for experiments and for developing parcels without a key.\nNothing leaves this machine, and nothing is kept when it ends unless --state names a folder. Its agent reports what\nit received, or follows a script in the message; with SEREN_BRIDGE_MODEL_URL a language model answers.",
    )
    .option("-p, --port <number>", "port to listen on; 0 picks a free one", "8787")
    .option("-k, --key <key>", "the API key that it accepts; without this option it draws one at each start")
    .option("--faults <plan>", "inject faults: a JSON file, or a number as the seed of a random plan")
    .option("-s, --state <folder>", "folder that keeps deployments, conversations and runs")
    .option("-q, --quiet", "do not show the requests");
  examples(command, [
    ["seren-bridge local", "then paste the line that it prints, with its address and key, into another terminal"],
    ["seren-bridge local --port 0 --faults 7", "a free port, with faults"],
    ["seren-bridge local --state ~/.local/state/seren-local", "conversations continue after a restart"],
    [
      "SEREN_BRIDGE_MODEL_URL=http://localhost:11434/v1 SEREN_BRIDGE_MODEL=llama3.2 seren-bridge local",
      "a model answers, from any OpenAI-compatible endpoint",
    ],
    [
      `seren-bridge run '@script [{"tool":"grep","result":"3 hits"},{"approve":"deploy"},{"text":"done"}]'`,
      "a run that follows a script and asks for an approval",
    ],
  ]);
  command.action(action(context, (options: Options) => serve(context, options)));
}

async function serve({ services, screen }: Context, options: Options): Promise<ExitCode> {
  const port = /^\d{1,5}$/.test(options.port) ? Number(options.port) : 65_536;
  if (port > 65_535) throw new ExecutionFailure("invalid_input", `--port is "${options.port}"; it can be 0 to 65535`);
  const { key } = options;
  if (key !== undefined && !KEY.test(key))
    throw new ExecutionFailure(
      "invalid_input",
      "--key cannot be used; it can be 8 to 200 letters, digits, dots, hyphens and underscores",
    );
  const { dim, bold, red, yellow, green } = screen.colors;
  const onRequest = ({ method, path, status, tookMs }: LocalRequestLine) => {
    if (options.quiet) return;
    const paint = status === "dropped" || status >= 500 ? red : status >= 400 ? yellow : green;
    printLine(
      screen,
      `${paint(padTo(String(status), 7))} ${padTo(method, 6)} ${oneLine(path)} ${dim(`${Math.round(tookMs)}ms`)}`,
    );
  };
  const onOdd = ({ operation, frame, path, oddity, form }: LocalOddMember) => {
    if (options.quiet) return;
    const where = [operation, frame, path].filter((part) => part !== undefined).map(oneLine);
    printLine(screen, `${yellow(padTo("odd", 7))} ${where.join(" ")}: ${oddity}${form ? `, form ${form}` : ""}`);
  };
  const onProblem = (why: string) =>
    printError(
      screen,
      red(`The state folder cannot be written (${why}); changes from now on are lost when the service ends.`),
    );
  const {
    origin,
    key: accepted,
    isKeySecret,
    model,
    close,
  } = await services.serveLocal({
    port,
    onRequest,
    onOdd,
    onProblem,
    ...(key === undefined ? {} : { key }),
    ...(options.faults ? { faults: options.faults } : {}),
    ...(options.state ? { state: options.state } : {}),
  });
  printLine(
    screen,
    `The embedded Seren Cloud listens on ${bold(origin)}.`,
    model
      ? `Prompts go to ${model.url} (${model.name ?? "the model that a deployment names"}).`
      : "Nothing leaves this machine.",
    options.state ? `State is kept in ${options.state}.` : "Nothing is kept when it ends.",
    "Point a terminal, Dispatch or Roder's env table at it:",
    "",
    `  export SEREN_API_BASE=${origin}${isKeySecret ? "" : ` SEREN_API_KEY=${accepted}`}`,
    "",
    ...(isKeySecret
      ? ["SEREN_API_KEY is what --key gives; it is not shown, because this shell has it as a secret.", ""]
      : []),
    dim("Ctrl-C ends it. Requests:"),
  );
  await screen.stdout.flushed();
  // Nobody knows the address and the key where these lines cannot be written.
  if (screen.stdout.problem === undefined) await interrupted(services);
  await close();
  return EXIT.ok;
}

function interrupted(services: Services): Promise<void> {
  return new Promise<void>((resolve) => {
    const release = services.onInterrupt(() => {
      release();
      resolve();
    });
  });
}
