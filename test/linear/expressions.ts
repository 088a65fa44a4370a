/** The regular expressions of the sources, and the texts that are hardest for each. */
import { readFileSync } from "node:fs";
import ts from "typescript";
import { sources } from "../import-graph.ts";

export interface Found {
  place: string;
  expression: RegExp;
}

/** Every expression that is written as one, and the places that build one from text. */
export function expressionsIn(folders: readonly string[]): { written: Found[]; built: string[] } {
  const written: Found[] = [];
  const built: string[] = [];
  for (const path of folders.flatMap(sources)) {
    const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      const line = () => file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf("/");
        const expression = new RegExp(node.text.slice(1, end), node.text.slice(end + 1));
        written.push({ place: `${path}:${line()} ${node.text}`, expression });
      }
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === "RegExp") {
        built.push(path);
      }
      node.forEachChild(visit);
    };
    visit(file);
  }
  return { written, built };
}

export interface HardText {
  lead: string;
  unit: string;
  end: string;
}

/** What a class or an escape stands for, so that a repeat can be made of it. */
const SAMPLES: readonly [RegExp, string][] = [
  [/\\d/, "1"],
  [/\\s|White_Space/, " \n"],
  [/\\w/, "a_"],
  [/\\p\{L\}/, "é"],
  [/\\p\{N\}/, "1"],
  [/\\p\{M/, "\u0301"],
  [/\\p\{C/, "\u0001"],
  [/\\p\{Z/, "\u2028"],
  [/\\p\{Default_Ignorable/, "\u200b"],
  [/\\x1b/, "\x1b"],
  [/\\x9b/, "\x9b"],
  [/\\ufeff/, "\ufeff"],
];
const END_OF_ALL = "\u0002!";
const MOST_LITERALS = 8;
const MOST_ENDS = 4;

/** Returns repeats of the expression's own alphabet: single characters, its words, and each word with a character after it. */
export function* hardTexts({ source }: RegExp): Generator<HardText, void, void> {
  const words = literalsOf(source);
  const letters = alphabetOf(source);
  const units = new Set([...letters, ...words]);
  for (const word of words) {
    for (const letter of letters) {
      units.add(word + letter);
      units.add(letter + word);
      units.add(word + letter.repeat(40));
    }
  }
  for (const [index, letter] of letters.entries()) {
    for (const other of letters.slice(index + 1, index + 6)) units.add(letter + other);
  }
  // An end that a class excludes makes each start fail only after it has read all: `/[^.]*$/` on dots at the end alone.
  const ends = ["", END_OF_ALL, ...letters.slice(0, MOST_ENDS)];
  for (const unit of units) {
    for (const end of ends) {
      for (const lead of ["", END_OF_ALL, ...words.slice(0, 2)]) yield { lead, unit, end };
    }
  }
}

/** The runs of plain characters, escapes resolved; the words of a closed group as well. */
function literalsOf(source: string): string[] {
  const plain = source
    .replace(/\\([bBdDsSwW]|[pP]\{[^}]*\}|u\{?[0-9a-fA-F]+\}?|x[0-9a-f]{2}|\d)/g, "\u0000")
    .replace(/\[(?:\\.|[^\]\\])*\]/g, "\u0000")
    .replace(/\{\d+,?\d*\}|\(\?<?[:=!]|[()|^$*+?.]/g, "\u0000")
    .replace(/\\(.)/g, "$1");
  const runs = plain.split("\u0000").filter((run) => run !== "");
  return [...new Set([...runs, runs.join("")])]
    .filter(Boolean)
    .sort((a, b) => b.length - a.length)
    .slice(0, MOST_LITERALS);
}

function alphabetOf(source: string): string[] {
  const letters = new Set<string>();
  for (const [, from = "", to = ""] of source.matchAll(/([0-9A-Za-z])-([0-9A-Za-z])/g)) {
    letters.add(from);
    letters.add(to);
  }
  for (const [known, sample] of SAMPLES) if (known.test(source)) for (const letter of sample) letters.add(letter);
  for (const letter of source.replace(/\\[a-zA-Z]/g, "")) if (/[^\\^$*+?{}|]/.test(letter)) letters.add(letter);
  letters.add("x");
  return [...letters].slice(0, 24);
}
