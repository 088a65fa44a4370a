import { type Place, valuedOptions } from "./tree.ts";

const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

export function fish(places: readonly Place[]): string {
  const valued = places.flatMap((place) =>
    valuedOptions(place).flatMap(({ flags }) => flags.map((flag) => quote(`${place.path} ${flag}`))),
  );
  const paths = places.map(({ path }) => path).filter(Boolean);
  const lines = places.flatMap(({ path, commands, options, argument }) => {
    const here = (ended: string) => `-n ${quote(`__seren_bridge_at '${ended} ${path}'`)}`;
    return [
      ...commands.map(({ word, meaning }) => `${here("0")} -a ${word} -d ${quote(meaning)}`),
      ...options.map(({ word, short, meaning, value }) => {
        const name = `${word.startsWith("--") ? `-l ${word.slice(2)}` : ""}${short ? ` -s ${short}` : ""}`.trim();
        const after =
          value === undefined
            ? ""
            : value === "files"
              ? " -r -F"
              : ` -x${value.length > 0 ? ` -a ${quote(value.join(" "))}` : ""}`;
        return `${here("?")} ${name}${after} -d ${quote(meaning)}`;
      }),
      ...(argument === "files"
        ? [`${here("?")} -F`]
        : argument.length > 0
          ? [`${here("0")} -a ${quote(argument.join(" "))}`]
          : []),
    ];
  });
  return `function __seren_bridge_at
  set -l at ''
  set -l value 0
  set -l ended 0
  set -l typed (commandline -opc)
  for word in $typed[2..-1]
    if test $value = 1
      set value 0
    else if string match -q -- '-*' $word
      switch "$at $word"
        case ${valued.join(" ")}
          set value 1
      end
    else if test $ended = 0
      set -l next (string trim -- "$at $word")
      switch $next
        case ${paths.map(quote).join(" ")}
          set at $next
        case '*'
          set ended 1
      end
    end
  end
  string match -q -- $argv[1] "$ended $at"
end
complete -c seren-bridge -f
${lines.map((line) => `complete -c seren-bridge ${line}`).join("\n")}`;
}
