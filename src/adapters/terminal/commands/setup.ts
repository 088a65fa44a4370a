/** `setup`: installs this program in a host, or removes it. */
import { type Command, Option } from "commander";
import { changesNothing, differenceOf, type HostInstaller } from "../../../install/index.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printError, printJson, printLine } from "../screen/screen.ts";
import { printable } from "../screen/text.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";
import { type Made, makeChanges, type Outcome } from "./setup-changes.ts";
import { showPackage } from "./setup-package.ts";

/** Hosts that have an example in the help; the commands below it list all of them. */
const EXAMPLES = 3;

interface Options {
  write?: boolean;
  undo?: boolean;
  json?: boolean;
  package?: string;
}

export function addSetup(program: Command, context: CommandContext): void {
  const { installers } = context.services;
  const setup = program
    .command("setup")
    .summary("install seren-bridge in a host or a client")
    .description(
      "Shows what would change in the host's own file; --write changes it, --undo --write removes the entry. A host's own command is shown and preferred.\nThe file is replaced whole or not at all, its old text is kept beside it, and what you wrote in it stays as it is.",
    );
  examples(setup, exampleLines(installers));
  for (const installer of installers) addHost(setup, installer, context);
}

function exampleLines(installers: readonly HostInstaller[]): [typed: string, meaning: string][] {
  const [first] = installers;
  const last = installers.at(-1);
  const lines: [string, string][] = [];
  if (first) lines.push([`seren-bridge setup ${first.id}`, "show what would change"]);
  for (const { id, help } of installers.slice(0, EXAMPLES))
    lines.push([`seren-bridge setup ${id} --write`, help.write]);
  if (last) lines.push([`seren-bridge setup ${last.id} --undo --write`, "uninstall"]);
  for (const { id, name, packages } of installers) {
    const source = packages?.sources.at(-1);
    if (source) {
      lines.push([
        `seren-bridge setup ${id} --package ${source}`,
        `what to type to install it as a package of ${name}`,
      ]);
    }
  }
  return lines;
}

function addHost(setup: Command, installer: HostInstaller, context: CommandContext): void {
  const { id, name, help, packages } = installer;
  const command = setup
    .command(id)
    .summary(help.summary)
    .description(help.description)
    .option("--write", "change the file, by the host's own command where it has one")
    .option("--undo", "remove the installation")
    .option("--json", "print JSON");
  examples(command, [
    [`seren-bridge setup ${id} --write`, "install"],
    [`seren-bridge setup ${id} --undo --write`, "uninstall"],
  ]);
  if (packages) {
    command.addOption(
      new Option("--package <source>", `show how ${name} installs it as a package`)
        .choices(packages.sources)
        .conflicts("write"),
    );
  }
  command.action(
    action(context, (options: Options) =>
      packages && options.package
        ? showPackage(context, { name, packages, source: options.package, ...options })
        : setUp(context, installer, options),
    ),
  );
}

async function setUp({ services, screen }: Context, installer: HostInstaller, options: Options): Promise<ExitCode> {
  const undo = options.undo === true;
  const { outcomes, command, ran } = await makeChanges(services, installer, { undo, write: options.write === true });
  const notes = undo ? [] : await installer.notes(services);
  if (options.json) {
    const own = command ? { command: { typed: command.typed, ...ran } } : {};
    printJson(screen, { files: outcomes.map((outcome) => rowOf(outcome, undo)), ...own, notes });
    return EXIT.ok;
  }
  for (const outcome of outcomes) printOutcome(screen, installer, outcome, undo);
  if (command) printCommand(screen, installer, { command, ran });
  const { dim } = screen.colors;
  if (outcomes.some(({ written }) => written)) {
    if (!undo) printLine(screen, installer.next);
  } else if (outcomes.some(({ change }) => !changesNothing(change))) {
    const again = `seren-bridge setup ${installer.id}${undo ? " --undo" : ""} --write`;
    printLine(screen, dim(`Nothing has been changed. To do it: ${again}`));
  }
  for (const note of notes) printError(screen, note);
  return EXIT.ok;
}

function rowOf({ change, written, backup }: Outcome, undo: boolean): object {
  return {
    file: change.file.path,
    change: changesNothing(change) ? "none" : undo ? "remove" : "add",
    written,
    ...(backup ? { backup } : {}),
    difference: differenceOf(change),
  };
}

function printOutcome(
  screen: Context["screen"],
  { name }: HostInstaller,
  { change, written, backup }: Outcome,
  undo: boolean,
): void {
  const { green, red } = screen.colors;
  const { path, text } = change.file;
  if (changesNothing(change)) {
    const known = undo ? "seren-bridge is not in it" : `${name} already knows this program`;
    printLine(screen, `${path}: nothing to ${undo ? "remove" : "do"}, ${known}.`);
    return;
  }
  printLine(screen, `${path}${text === undefined ? " (new)" : ""}:`, "");
  for (const line of differenceOf(change)) {
    printLine(screen, `  ${(line.startsWith("-") ? red : green)(printable(line))}`);
  }
  printLine(screen, "");
  if (written) printLine(screen, `Written.${backup ? ` The old text is in ${backup}.` : ""}`);
}

function printCommand(
  screen: Context["screen"],
  { name }: HostInstaller,
  { command, ran }: Required<Pick<Made, "command">> & { ran: Made["ran"] },
): void {
  const typed = printable(command.typed);
  if (!ran) {
    printLine(screen, `--write has ${name} do it, and corrects the file where that is not enough:`, `  ${typed}`, "");
    return;
  }
  const said = printable(ran.said).trim();
  printError(screen, "This was run:", `  ${typed}`);
  if (ran.problem !== undefined) printError(screen, `It ${ran.problem}.`);
  if (said) printError(screen, "It said:", said);
  if (!ran.didAll) printError(screen, "What it left to do was done in the file.");
}
