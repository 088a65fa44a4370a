/** `completion`: shell completions, written from the tree of commands. */
import type { Command } from "commander";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { act, examples } from "../program.ts";
import { say } from "../screen.ts";
import type { Context } from "../services.ts";

/** A place in the tree: the words that lead there, and what may come next. */
interface Node {
  path: string;
  words: { word: string; meaning: string }[];
  /** Whether files and folders may come next, too. */
  files: boolean;
}

const SHELLS: Readonly<Record<string, (nodes: readonly Node[]) => string>> = { bash, zsh, fish };

export function addCompletion(program: Command, context: Context): void {
  const command = program
    .command("completion")
    .summary("completions for bash, zsh or fish")
    .description("Prints a script that completes commands and options in your shell.")
    .argument("<shell>", "bash, zsh or fish");
  examples(command, [
    ['eval "$(seren-bridge completion bash)"', "in ~/.bashrc"],
    ['eval "$(seren-bridge completion zsh)"', "in ~/.zshrc, after compinit"],
    ["seren-bridge completion fish > ~/.config/fish/completions/seren-bridge.fish", "once"],
  ]);
  command.action(
    act(context, (shell: string): ExitCode => {
      const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (!write)
        throw new ExecutionFailure(
          "invalid_input",
          `there are completions for ${Object.keys(SHELLS).join(", ")}, not for "${shell}"`,
        );
      say(context.screen, write(nodesOf(program, "")));
      return EXIT.ok;
    }),
  );
}

function nodesOf(command: Command, path: string): Node[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).map((one) => ({ word: one.name(), meaning: one.summary() || "help" }));
  const options = help
    .visibleOptions(command)
    .map((option) => ({ word: option.long ?? option.short ?? "", meaning: option.description }));
  const files = command.registeredArguments.length > 0 && command.commands.length === 0;
  return [
    { path, words: [...commands, ...options], files },
    ...command.commands.flatMap((child) => nodesOf(child, `${path} ${child.name()}`.trim())),
  ];
}

/** The words before the cursor that are no options, joined, name the node; unknown words are arguments and end the path. */
function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(
    ({ path, words, files }) =>
      `    "${path}") words="${words.map(({ word }) => word).join(" ")}"; files=${files ? 1 : 0} ;;`,
  );
  const paths = nodes.map(({ path }) => `"${path}"`).join(" | ");
  return `_seren_bridge() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" next word words="" files=0
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ "$word" == -* ]] && continue
    next="\${path:+$path }$word"
    case "$next" in
      ${paths}) path="$next" ;;
      *) break ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ $files == 1 && "$current" != -* ]] && COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _seren_bridge seren-bridge`;
}

function zsh(nodes: readonly Node[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const entry = ({ word, meaning }: Node["words"][number]) => quote(`${word.replaceAll(":", "\\:")}:${meaning}`);
  const cases = nodes.map(
    ({ path, words, files }) =>
      `    ${quote(path)}) choices=(${words.map(entry).join(" ")}); files=${files ? 1 : 0} ;;`,
  );
  const paths = nodes.map(({ path }) => quote(path)).join(" | ");
  return `#compdef seren-bridge
_seren_bridge() {
  local found="" next word files=0
  local -a choices
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && continue
    next="\${found:+$found }$word"
    case "$next" in
      ${paths}) found="$next" ;;
      *) break ;;
    esac
  done
  case "$found" in
${cases.join("\n")}
  esac
  _describe 'seren-bridge' choices
  (( files )) && _files
}
compdef _seren_bridge seren-bridge`;
}

function fish(nodes: readonly Node[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = nodes.flatMap(({ path, words }) =>
    words.map(({ word, meaning }) => {
      const what = word.startsWith("--")
        ? `-l ${word.slice(2)}`
        : word.startsWith("-")
          ? `-s ${word.slice(1)}`
          : `-a ${word}`;
      return `complete -c seren-bridge -f -n ${quote(`__seren_bridge_at ${path}`)} ${what} -d ${quote(meaning)}`;
    }),
  );
  const withFiles = nodes
    .filter(({ files }) => files)
    .map(({ path }) => `complete -c seren-bridge -F -n ${quote(`__seren_bridge_at ${path}`)}`);
  return `function __seren_bridge_at
  set -l typed (commandline -opc | string match -v -- '-*')
  test "$typed[2..-1]" = "$argv"; or begin
    test (count $argv) -gt 0; and test "$typed[2.."(math 1 + (count $argv))"]" = "$argv"
  end
end
${[...lines, ...withFiles].join("\n")}`;
}
