/** Shared by the scripts for bash and zsh: finds the place in the tree that the words typed so far lead to. */
import { type Place, type Value, valuedOptions } from "./tree.ts";

/** The syntax of one shell. */
interface Dialect {
  /** The words before the one that is completed. */
  words: string;
  quote(text: string): string;
  /** Offers what may follow. */
  offer(value: Value): string;
}

/**
 * Returns lines for the body of a shell function that has the variables `at` and `value` (empty) and `ended` (0). `loop`
 * sets `at` to the place, `value` to the option whose value is being typed, and `ended` to 1 after an argument. `values`
 * offers values for the option in `value`.
 */
export function wordLoop(places: readonly Place[], { words, quote, offer }: Dialect): { loop: string; values: string } {
  const either = (texts: readonly string[]) => texts.map(quote).join("|");
  const valued = places.flatMap((place) =>
    valuedOptions(place).map(({ flags, value }) => ({ keys: flags.map((flag) => `${place.path} ${flag}`), value })),
  );
  const loop = `  for word in ${words}; do
    if [[ -n "$value" ]]; then
      value=""
    elif [[ "$word" == -* ]]; then
      case "$at $word" in
        ${either(valued.flatMap(({ keys }) => keys))}) value="$at $word" ;;
      esac
    elif [[ $ended == 0 ]]; then
      case "\${at:+$at }$word" in
        ${either(places.map(({ path }) => path).filter(Boolean))}) at="\${at:+$at }$word" ;;
        *) ended=1 ;;
      esac
    fi
  done`;
  const offers = valued.filter(({ value }) => value.length > 0);
  const values = `    case "$value" in
${offers.map(({ keys, value }) => `      ${either(keys)}) ${offer(value)} ;;`).join("\n")}
    esac`;
  return { loop, values };
}
