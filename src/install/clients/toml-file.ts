/** TOML: our table is a block of its own at the end of the file, between two comments. */
import { parse, stringify } from "smol-toml";
import { withBlock, withoutBlock } from "../marked-block.ts";
import type { FileFormat } from "./file-format.ts";

const MARKS = {
  open: "# >>> seren-bridge: written by `seren-bridge setup`, taken back by `--undo`",
  close: "# <<< seren-bridge",
};

export const tomlFile: FileFormat = {
  parse: (text) => structuredClone(parse(text.replace(/^\ufeff/, ""))),
  put(text, path, entry) {
    const table = path.reduceRight<object>((inner, name) => ({ [name]: inner }), entry);
    return withBlock(text, MARKS, stringify(table).trim());
  },
  remove: (text, path) => withoutBlock(text, MARKS) ?? withoutTable(text, path),
};

/** As the client's own command writes it: the lines from its header to the next one. What is behind them is kept. */
function withoutTable(text: string, path: readonly string[]): string {
  const name = path.join(".");
  const isOurs = (line: string) => line.startsWith(`[${name}]`) || line.startsWith(`[${name}.`);
  const lines = text.split(/(?<=\n)/);
  const start = lines.findIndex(isOurs);
  if (start < 0) return text;
  let end = lines.findIndex((line, at) => at > start && line.startsWith("[") && !isOurs(line));
  if (end < 0) end = lines.length;
  while (end < lines.length && end > start + 1 && /^\s*(?:#|$)/.test(lines[end - 1] ?? "")) end -= 1;
  return [...lines.slice(0, start), ...lines.slice(end)].join("");
}
