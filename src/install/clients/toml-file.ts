/** TOML: our table is a block of its own at the end of the file, between two comments. */
import { parse, stringify } from "smol-toml";
import type { FileFormat } from "./file-format.ts";

const OPEN = "# >>> seren-bridge: written by `seren-bridge setup`, taken back by `--undo`";
const CLOSE = "# <<< seren-bridge";

export const tomlFile: FileFormat = {
  parse: (text) => structuredClone(parse(text.replace(/^\ufeff/, ""))),
  put(text, path, entry) {
    const newline = text.includes("\r\n") ? "\r\n" : "\n";
    const table = stringify(path.reduceRight<object>((inner, name) => ({ [name]: inner }), entry)).trim();
    const block = [OPEN, ...table.split("\n"), CLOSE].join(newline) + newline;
    const own = blockIn(text);
    if (own) return text.slice(0, own.start) + block + text.slice(own.end);
    return text + (text === "" ? "" : newline) + block;
  },
  remove(text) {
    const own = blockIn(text);
    return own ? text.slice(0, own.start).replace(/\r?\n$/, "") + text.slice(own.end) : text;
  },
};

function blockIn(text: string): { start: number; end: number } | undefined {
  const start = text.indexOf(OPEN);
  const close = start < 0 ? -1 : text.indexOf(CLOSE, start);
  if (close < 0) return undefined;
  const end = text.indexOf("\n", close);
  return { start, end: end < 0 ? text.length : end + 1 };
}
