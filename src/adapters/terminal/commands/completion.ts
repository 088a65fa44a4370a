/** `completion`: prints shell completions, generated from the tree of commands. */
import { Argument, type Command } from "commander";
import { bash } from "../completion/bash.ts";
import { fish } from "../completion/fish.ts";
import { type Place, placesOf } from "../completion/tree.ts";
import { zsh } from "../completion/zsh.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printLine } from "../screen/screen.ts";
import { action, type CommandContext, examples } from "./command.ts";

const SHELLS = { bash, zsh, fish } satisfies Record<string, (places: readonly Place[]) => string>;

export function addCompletion(program: Command, context: CommandContext): void {
  const command = program
    .command("completion")
    .summary("completions for bash, zsh or fish")
    .description("Prints a script that completes commands and options in your shell.")
    .addArgument(new Argument("<shell>", "shell to complete in").choices(Object.keys(SHELLS)));
  examples(command, [
    ['eval "$(seren-bridge completion bash)"', "in ~/.bashrc"],
    ['eval "$(seren-bridge completion zsh)"', "in ~/.zshrc, after compinit"],
    ["seren-bridge completion fish > ~/.config/fish/completions/seren-bridge.fish", "once"],
  ]);
  command.action(
    action(context, (shell: keyof typeof SHELLS): ExitCode => {
      printLine(context.screen, SHELLS[shell](placesOf(program)));
      return EXIT.ok;
    }),
  );
}
