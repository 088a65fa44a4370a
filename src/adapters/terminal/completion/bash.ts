import type { Place } from "./tree.ts";
import { wordLoop } from "./word-loop.ts";

/** Works with the bash 3.2 of macOS; needs nothing of the bash-completion package. */
export function bash(places: readonly Place[]): string {
  const { loop, values } = wordLoop(places, {
    words: `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`,
    quote: (text) => `"${text}"`,
    offer: (value) => (value === "files" ? "files=1" : `words="${value.join(" ")}"`),
  });
  const cases = places.map(({ path, commands, options, argument }) =>
    [
      `      "${path}")`,
      `        ${argument === "files" ? "files=1; " : ""}words="${options.map(({ word }) => word).join(" ")}"`,
      `        (( ended )) || words="${[...commands.map(({ word }) => word), ...(argument === "files" ? [] : argument)].join(" ")} $words" ;;`,
    ].join("\n"),
  );
  return `_seren_bridge() {
  local current="\${COMP_WORDS[COMP_CWORD]}" at="" value="" ended=0 words="" files=0 word
${loop}
  if [[ -n "$value" ]]; then
${values}
  else
    case "$at" in
${cases.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ $files == 1 && "$current" != -* ]]; then
    COMPREPLY+=($(compgen -f -- "$current"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _seren_bridge seren-bridge`;
}
