/** `setup`: installs this program in a host, or removes it. */
import { type Command, Option } from "commander";
import { applyChange, changesNothing, differenceOf, type HostInstaller } from "../../../install/index.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printError, printJson, printLine } from "../screen/screen.ts";
import { printable } from "../screen/text.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";
import { showPackage } from "./setup-package.ts";

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
    .summary(`install seren-bridge in ${installers.map(({ name }) => name).join(" or ")}`)
    .description(
      "Shows what would change in the host's own file; --write changes it, --undo --write removes the entry.\nThe file is replaced whole or not at all, its old text is kept beside it, and what you wrote in it stays as it is.",
    );
  examples(setup, exampleLines(installers));
  for (const installer of installers) addHost(setup, installer, context);
}

function exampleLines(installers: readonly HostInstaller[]): [typed: string, meaning: string][] {
  const [first] = installers;
  const last = installers.at(-1);
  const lines: [string, string][] = [];
  if (first) lines.push([`seren-bridge setup ${first.id}`, "show what would change"]);
  for (const { id, help } of installers) lines.push([`seren-bridge setup ${id} --write`, help.write]);
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
    .option("--write", "change the file")
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
  const change = await installer.plan(services, { undo });
  const same = changesNothing(change);
  const written = options.write === true && !same;
  const backup = written ? await applyChange(change, services.writeFile) : undefined;
  const notes = undo ? [] : await installer.notes(services);
  const difference = differenceOf(change);
  if (options.json) {
    printJson(screen, {
      file: change.file.path,
      change: same ? "none" : undo ? "remove" : "add",
      written,
      ...(backup ? { backup } : {}),
      difference,
      notes,
    });
    return EXIT.ok;
  }
  const { dim, green, red } = screen.colors;
  if (same) {
    printLine(
      screen,
      `${change.file.path}: nothing to ${undo ? "remove" : "do"}, ${undo ? "seren-bridge is not in it" : `${installer.name} already knows this program`}.`,
    );
  } else {
    printLine(screen, `${change.file.path}${change.file.text === undefined ? " (new)" : ""}:`, "");
    for (const line of difference) printLine(screen, `  ${(line.startsWith("-") ? red : green)(printable(line))}`);
    printLine(screen, "");
    if (written) {
      printLine(screen, `Written.${backup ? ` The old text is in ${backup}.` : ""}`);
      if (!undo) printLine(screen, installer.next);
    } else {
      const again = `seren-bridge setup ${installer.id}${undo ? " --undo" : ""} --write`;
      printLine(screen, dim(`Nothing has been changed. To do it: ${again}`));
    }
  }
  for (const note of notes) printError(screen, note);
  return EXIT.ok;
}
