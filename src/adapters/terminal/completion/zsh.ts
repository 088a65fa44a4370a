import type { Place, Value, Word } from "./tree.ts";
import { wordLoop } from "./word-loop.ts";

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const described = (words: readonly Word[]) =>
  words.map(({ word, meaning }) => quote(`${word.replaceAll(":", "\\:")}:${meaning}`)).join(" ");
const offer = (value: Value) => (value === "files" ? "_files" : `compadd -- ${value.map(quote).join(" ")}`);

/** For `eval` after compinit, and for a file `_seren-bridge` in a folder of `fpath`. */
export function zsh(places: readonly Place[]): string {
  const { loop, values } = wordLoop(places, { words: `"\${(@)words[2,CURRENT-1]}"`, quote, offer });
  const cases = places.map(({ path, commands, options, argument }) =>
    [
      `      ${quote(path)})`,
      `        options=(${described(options)})`,
      `        (( ended )) || commands=(${described(commands)})`,
      ...(argument.length > 0
        ? [argument === "files" ? "        files=1" : `        (( ended )) || ${offer(argument)}`]
        : []),
      "        ;;",
    ].join("\n"),
  );
  return `#compdef seren-bridge
_seren_bridge() {
  local at="" value="" ended=0 files=0 word
  local -a commands options
${loop}
  if [[ -n "$value" ]]; then
${values}
    return
  fi
  case "$at" in
${cases.join("\n")}
  esac
  (( $#commands )) && _describe 'command' commands
  [[ "\${words[CURRENT]}" == -* || $#commands == 0 ]] && _describe 'option' options
  (( files )) && _files
}
if [[ "\${funcstack[1]}" == _seren-bridge ]]; then
  _seren_bridge "$@"
else
  compdef _seren_bridge seren-bridge
fi`;
}
