/** `setup roder --package`: what to type so that Roder installs this program as a package. */
import { EXIT, type ExitCode } from "../exit-code.ts";
import { ownRoderEntry } from "../hosts/roder-entry.ts";
import { type PackageRoute, packageCommands, packageSource, packageState } from "../hosts/roder-package.ts";
import { printError, printJson, printLine } from "../screen.ts";
import type { Context, Services } from "../services.ts";

export async function showRoderPackage(
  { services, screen }: Context,
  route: PackageRoute,
  { undo = false, json = false }: { undo?: boolean | undefined; json?: boolean | undefined },
): Promise<ExitCode> {
  const state = await packageState(services);
  const commands = packageCommands(packageSource(route, services), state, undo);
  const notes = undo ? [] : await packageNotes(services);
  if (json) {
    printJson(screen, { commands, notes });
    return EXIT.ok;
  }
  if (commands.length === 0) {
    printLine(
      screen,
      undo ? "Roder has no package seren-bridge." : "Roder has seren-bridge as a package, and it is approved.",
    );
  } else {
    printLine(screen, "Roder installs packages itself. Type:", "", ...commands.map((command) => `  ${command}`), "");
    printLine(screen, "Then start Roder again: it loads extensions at its start only.");
  }
  for (const note of notes) printError(screen, note);
  return EXIT.ok;
}

/** What a package cannot do. */
async function packageNotes(services: Services): Promise<string[]> {
  const { from } = await services.keys.source();
  const lost = services.paths.roderManifest ? Object.keys(ownRoderEntry(services).env ?? {}) : [];
  return [
    ...(from === "environment" || from === "none"
      ? ["Roder gives a package no environment, so it needs a stored key: run `seren-bridge login`."]
      : []),
    ...(lost.length > 0
      ? [
          `A package does not see ${lost.join(", ")} of this shell: \`seren-bridge setup roder --write\` adds them to Roder's config.toml.`,
        ]
      : []),
  ];
}
