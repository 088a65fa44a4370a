/** What all commands share: running an action, examples, and the list of exit codes. */
import type { Command } from "commander";
import { EXIT_MEANINGS, type ExitCode } from "../exit-code.ts";
import type { Context } from "../services.ts";

export interface CommandContext extends Context {
  /** Called with the exit code of the command that ran. Without a call it is 0. */
  readonly setExitCode: (code: ExitCode) => void;
}

/** Returns a commander action that runs `run` and reports its exit code. */
export function action<A extends unknown[]>(
  context: CommandContext,
  run: (...args: A) => ExitCode | Promise<ExitCode>,
): (...args: A) => Promise<void> {
  return async (...args) => context.setExitCode(await run(...args));
}

/** Adds examples to a command's help: what to type, and what it does. */
export function examples(command: Command, lines: readonly (readonly [typed: string, meaning: string])[]): void {
  const shown = lines.map(([typed, meaning]) => `  # ${meaning}\n  ${typed}`).join("\n\n");
  command.addHelpText("after", `\nExamples:\n${shown}\n`);
}

/** Returns the help text that lists the exit codes. */
export function exitCodeHelp(): string {
  return `Exit codes:\n${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`).join("\n")}\n`;
}
