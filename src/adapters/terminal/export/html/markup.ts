/**
 * HTML as a type of its own. A text becomes part of it only through `html`, which escapes it, so foreign text can make no element
 * and end no attribute.
 */
import { markUnseen } from "../../../../support/unseen.ts";

const SPECIAL = /[&<>"']/g;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export class Markup {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }

  /** For the tag `html`, and for texts that are written here. */
  static of(text: string): Markup {
    return new Markup(text);
  }
}

type Value = Markup | readonly Markup[] | string | number | undefined;

/** A template whose texts are escaped. Attributes need quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let text = parts[0] ?? "";
  for (const [index, value] of values.entries()) text += markupOf(value) + (parts[index + 1] ?? "");
  return Markup.of(text);
}

/** Foreign text to be read: what is not seen is an escape, which looks different from the same letters in the text. */
export function shown(text: string): Markup {
  return Markup.of(markUnseen(escaped(text), (escapes) => `<span class="u">${escapes}</span>`));
}

function markupOf(value: Value): string {
  if (value === undefined) return "";
  if (value instanceof Markup) return value.toString();
  return typeof value === "object" ? value.join("") : escaped(markUnseen(String(value)));
}

function escaped(text: string): string {
  return text.replace(SPECIAL, (character) => ENTITIES[character] ?? "");
}
