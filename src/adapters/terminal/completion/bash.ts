import { type Place, type Value, valuedOptions } from "./tree.ts";

/** Works with the bash 3.2 of macOS; needs nothing of the bash-completion package. */
export function bash(places: readonly Place[]): string {
  const quoted = (texts: readonly string[]) => texts.map((text) => `"${text}"`).join("|");
  const offer = (value: Value) => (value === "files" ? "files=1" : `words="${value.join(" ")}"`);
  const valued = places.flatMap((place) =>
    valuedOptions(place).map(({ flags, value }) => ({ keys: flags.map((flag) => `${place.path} ${flag}`), value })),
  );
  const cases = places.map(({ path, commands, options, argument }) =>
    [
      `      "${path}")`,
      `        ${argument === "files" ? "files=1; " : ""}words="${options.map(({ word }) => word).join(" ")}"`,
      `        (( ended )) || words="${[...commands.map(({ word }) => word), ...(argument === "files" ? [] : argument)].join(" ")} $words" ;;`,
    ].join("\n"),
  );
  return `_seren_bridge() {
  local current="\${COMP_WORDS[COMP_CWORD]}" at="" value="" ended=0 words="" files=0 word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n "$value" ]]; then
      value=""
    elif [[ "$word" == -* ]]; then
      case "$at $word" in
        ${quoted(valued.flatMap(({ keys }) => keys))}) value="$at $word" ;;
      esac
    elif [[ $ended == 0 ]]; then
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
