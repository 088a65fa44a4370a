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
  remove: (text) => withoutBlock(text, MARKS) ?? text,
};
