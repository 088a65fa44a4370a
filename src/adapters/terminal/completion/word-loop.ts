/** What the scripts for bash and zsh have in common: finding the place in the tree that the words typed so far lead to. */
import { type Place, type Value, valuedOptions } from "./tree.ts";

/** How one shell writes it. */
interface Dialect {
  /** The words before the one that is completed. */
  words: string;
  quote(text: string): string;
  /** Offers what may follow. */
  offer(value: Value): string;
}

/**
 * Lines of the body of a function with the variables `at` and `value` (empty) and `ended` (0). `loop` leaves in `at` the
 * place, in `value` the option that waits for its value, and in `ended` whether an argument was given. `values` offers for
 * the option in `value`.
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
