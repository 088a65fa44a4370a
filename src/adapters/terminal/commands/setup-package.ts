/** `setup <host> --package`: the commands by which the host installs this program as a package. */
import type { HostPackages } from "../../../install/index.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printError, printJson, printLine } from "../screen/screen.ts";
import type { Context } from "../services.ts";

export interface ShowPackageOptions {
  /** The host's own name. */
  name: string;
  packages: HostPackages;
  source: string;
  undo?: boolean | undefined;
  json?: boolean | undefined;
}

export async function showPackage(
  { services, screen }: Context,
  { name, packages, source, undo = false, json = false }: ShowPackageOptions,
): Promise<ExitCode> {
  const { commands, done, next, notes } = await packages.plan(services, source, { undo });
  if (json) {
    printJson(screen, { commands, notes });
    return EXIT.ok;
  }
  if (commands.length === 0) printLine(screen, done);
  else {
    printLine(screen, `${name} installs packages itself. Type:`, "", ...commands.map((command) => `  ${command}`), "");
    printLine(screen, next);
  }
  for (const note of notes) printError(screen, note);
  return EXIT.ok;
}
