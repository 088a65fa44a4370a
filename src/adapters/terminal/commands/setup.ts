/** `setup`: making the hosts know this program, and making them forget it. */
import { type Command, Option } from "commander";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { ownEntry, readRegistry, withEntry, withoutEntry } from "../hosts/dispatch-registry.ts";
import { applyChange, changesNothing, differenceOf, type FileChange } from "../hosts/file-change.ts";
import { isProgram } from "../hosts/find-program.ts";
import { readRoderConfig, withoutRoderEntry, withRoderEntry } from "../hosts/roder-config.ts";
import { ownRoderEntry } from "../hosts/roder-entry.ts";
import { PACKAGE_ROUTES, type PackageRoute, packageState } from "../hosts/roder-package.ts";
import { act, examples } from "../program.ts";
import { printError, printJson, printLine } from "../screen.ts";
import type { Context, Services } from "../services.ts";
import { printable } from "../text.ts";
import { showRoderPackage } from "./setup-roder-package.ts";

interface Options {
  write?: boolean;
  undo?: boolean;
  json?: boolean;
  package?: PackageRoute;
}

interface Host {
  name: string;
  plan(services: Services, undo: boolean): Promise<FileChange>;
  /** What to do once it is written. */
  next: string;
  /** What to know, given how things are. */
  notes(services: Services): Promise<string[]>;
}

const DISPATCH: Host = {
  name: "Dispatch",
  next: "Try it: dispatch run <parcel> --courier seren-cloud --chat hello",
  async plan(services, undo) {
    const file = await readRegistry(services);
    if (undo) return withoutEntry(file);
    if (process.platform === "win32") {
      throw new ExecutionFailure(
        "unsupported",
        "Dispatch on Windows starts .exe files only; install the release for Windows from the Dispatch catalog",
      );
    }
    if (!isProgram(services.paths.program)) {
      throw new ExecutionFailure(
        "invalid_input",
        `${services.paths.program} is not executable, and Dispatch starts it directly; run: chmod 755 ${services.paths.program}`,
      );
    }
    return withEntry(file, ownEntry(services));
  },
  notes: async () => ["Dispatch pins the program by its hash: run this again after every update of seren-bridge."],
};

const RODER: Host = {
  name: "Roder",
  next: 'Restart Roder to load it. Try it: roder tasks submit seren-cloud-run \'{"prompt": "hello"}\'',
  async plan(services, undo) {
    const file = await readRoderConfig(services);
    return undo ? withoutRoderEntry(file) : withRoderEntry(file, ownRoderEntry(services));
  },
  async notes(services) {
    const { from } = await services.keys.source();
    return [
      ...(from === "environment"
        ? ["Roder does not pass SEREN_API_KEY on to extensions: store the key with `seren-bridge login`."]
        : []),
      ...(from === "none" ? ["There is no API key yet: run `seren-bridge login`."] : []),
      ...((await packageState(services))
        ? [
            "Roder has seren-bridge as a package as well; the entry takes its place. The skill still comes from the package.",
          ]
        : []),
    ];
  },
};

export function addSetup(program: Command, context: Context): void {
  const setup = program
    .command("setup")
    .summary("install seren-bridge in Dispatch or Roder")
    .description(
      "Shows what would change in the host's own file; --write changes it, --undo --write takes it back.\nThe file is replaced whole or not at all, its old text is kept beside it, and what you wrote in it stays as it is.",
    );
  examples(setup, [
    ["seren-bridge setup dispatch", "show what would change"],
    ["seren-bridge setup dispatch --write", "register the courier"],
    ["seren-bridge setup roder --write", "add the extension to Roder's config.toml"],
    ["seren-bridge setup roder --undo --write", "take it back"],
    ["seren-bridge setup roder --package npm", "what to type to install it as a package of Roder"],
  ]);
  for (const [word, host] of [
    ["dispatch", DISPATCH],
    ["roder", RODER],
  ] as const) {
    const command = setup
      .command(word)
      .summary(word === "dispatch" ? "the courier in Dispatch's registry" : "the extension in Roder's config.toml")
      .description(
        word === "dispatch"
          ? "Registers the courier seren-cloud in ~/.config/dispatch/couriers.json with the hash of this program."
          : "Adds the extension to config.toml in ~/.roder (or RODER_CONFIG_DIR), with the settings of this shell.",
      )
      .option("--write", "change the file")
      .option("--undo", "take the installation back")
      .option("--json", "say it as JSON");
    examples(command, [
      [`seren-bridge setup ${word} --write`, "install"],
      [`seren-bridge setup ${word} --undo --write`, "take it back"],
    ]);
    if (word === "roder") {
      command.addOption(
        new Option("--package <source>", "show how Roder installs it as a package")
          .choices(PACKAGE_ROUTES)
          .conflicts("write"),
      );
    }
    command.action(
      act(context, (options: Options) =>
        options.package ? showRoderPackage(context, options.package, options) : setUp(context, host, options),
      ),
    );
  }
}

async function setUp({ services, screen }: Context, host: Host, options: Options): Promise<ExitCode> {
  const undo = options.undo === true;
  const change = await host.plan(services, undo);
  const same = changesNothing(change);
  const written = options.write === true && !same;
  const backup = written ? await applyChange(services, change) : undefined;
  const notes = undo ? [] : await host.notes(services);
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
      `${change.file.path}: nothing to ${undo ? "take back" : "do"}, ${undo ? "seren-bridge is not in it" : `${host.name} already knows this program`}.`,
    );
  } else {
    printLine(screen, `${change.file.path}${change.file.text === undefined ? " (new)" : ""}:`, "");
    for (const line of difference) printLine(screen, `  ${(line.startsWith("-") ? red : green)(printable(line))}`);
    printLine(screen, "");
    if (written) {
      printLine(screen, `Written.${backup ? ` The old text is in ${backup}.` : ""}`);
      if (!undo) printLine(screen, host.next);
    } else
      printLine(
        screen,
        dim(
          `Nothing has been changed. To do it: seren-bridge setup ${host.name.toLowerCase()}${undo ? " --undo" : ""} --write`,
        ),
      );
  }
  for (const note of notes) printError(screen, note);
  return EXIT.ok;
}
