/** YAML: our entry is written on lines of its own, at the place where the parser sees its map begin. */
import { isMap, isScalar, parse, parseDocument, stringify, type YAMLMap } from "yaml";
import type { FileFormat } from "./file-format.ts";

export const yamlFile: FileFormat = {
  parse: (text) => parse(text) ?? {},
  put(text, path, entry) {
    const [top = "", name = ""] = path;
    const newline = text.includes("\r\n") ? "\r\n" : "\n";
    const map = blockMap(text, top);
    const margin = map ? text.slice(lineStart(text, startOf(map)), startOf(map)) : "  ";
    const lines = stringify({ [name]: entry }, { lineWidth: 0 })
      .trimEnd()
      .split("\n")
      .map((line) => margin + line + newline)
      .join("");
    if (map) {
      const at = lineStart(text, startOf(map));
      return text.slice(0, at) + lines + text.slice(at);
    }
    const gap = text === "" || text.endsWith("\n") ? "" : newline;
    return `${text}${gap}${top}:${newline}${lines}`;
  },
  remove(text, [top = "", name = ""]) {
    const map = blockMap(text, top);
    const index = map?.items.findIndex(({ key }) => isScalar(key) && key.value === name) ?? -1;
    if (!map || index < 0) return text;
    const from = lineStart(text, keyStart(map, index));
    if (map.items.length === 1) return text.slice(0, lineStart(text, from - 1)) + text.slice(endOf(text, map));
    const next = map.items[index + 1] ? lineStart(text, keyStart(map, index + 1)) : endOf(text, map);
    return text.slice(0, from) + text.slice(next);
  },
};

/** The map under a top-level name, if it has lines of its own. Throws for a text that is not YAML. */
function blockMap(text: string, top: string): YAMLMap | undefined {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw error;
  const map = document.get(top, true);
  return isMap(map) && !map.flow && map.items.length > 0 ? map : undefined;
}

const keyStart = (map: YAMLMap, index: number): number => {
  const key = map.items[index]?.key;
  return (isScalar(key) ? key.range?.[0] : undefined) ?? 0;
};
const startOf = (map: YAMLMap) => keyStart(map, 0);
const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;
const endOf = (text: string, map: YAMLMap) => map.range?.[1] ?? text.length;
