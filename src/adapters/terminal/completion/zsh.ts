import { type Place, type Value, valuedOptions, type Word } from "./tree.ts";

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const quoted = (texts: readonly string[]) => texts.map(quote).join("|");
const described = (words: readonly Word[]) =>
  words.map(({ word, meaning }) => quote(`${word.replaceAll(":", "\\:")}:${meaning}`)).join(" ");
const offer = (value: Value) => (value === "files" ? "_files" : `compadd -- ${value.map(quote).join(" ")}`);

/** For `eval` after compinit, and for a file `_seren-bridge` in a folder of `fpath`. */
export function zsh(places: readonly Place[]): string {
  const valued = places.flatMap((place) =>
    valuedOptions(place).map(({ flags, value }) => ({ keys: flags.map((flag) => `${place.path} ${flag}`), value })),
  );
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
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n "$value" ]]; then
      value=""
    elif [[ "$word" == -* ]]; then
      case "$at $word" in
        ${quoted(valued.flatMap(({ keys }) => keys))}) value="$at $word" ;;
      esac
    elif (( ! ended )); then
      case "\${at:+$at }$word" in
        ${quoted(places.map(({ path }) => path).filter(Boolean))}) at="\${at:+$at }$word" ;;
        *) ended=1 ;;
      esac
    fi
  done
  if [[ -n "$value" ]]; then
    case "$value" in
${valued
  .filter(({ value }) => value.length > 0)
  .map(({ keys, value }) => `      ${quoted(keys)}) ${offer(value)} ;;`)
  .join("\n")}
    esac
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
