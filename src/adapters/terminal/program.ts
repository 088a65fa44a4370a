/** What all commands share: how they are described, run, and refused. */
import type { Command } from "commander";
import { EXIT_MEANINGS, type ExitCode } from "./exit-code.ts";
import type { Context } from "./services.ts";

const results = new WeakMap<Context, ExitCode>();

/** A commander action whose exit code is kept for `exitCodeOfCommand`. */
export function act<A extends unknown[]>(
  context: Context,
  run: (...args: A) => ExitCode | Promise<ExitCode>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    results.set(context, await run(...args));
  };
}

export function exitCodeOfCommand(context: Context): ExitCode | undefined {
  return results.get(context);
}

/** Adds examples to a command's help: what to type, and what it does. */
export function examples(command: Command, lines: readonly (readonly [typed: string, meaning: string])[]): void {
  const shown = lines.map(([typed, meaning]) => `  # ${meaning}\n  ${typed}`).join("\n\n");
  command.addHelpText("after", `\nExamples:\n${shown}\n`);
}

export function exitCodeHelp(): string {
  return `Exit codes:\n${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`).join("\n")}\n`;
}
