/**
 * JSON with comments, as editors have it. The parser says where things are and the text is changed there: its own editing
 * functions lay out the neighbours anew.
 */
import { findNodeAtLocation, type Node, type ParseError, parse, parseTree, printParseErrorCode } from "jsonc-parser";
import type { FileFormat } from "./file-format.ts";

const OPTIONS = { allowTrailingComma: true };
/** What may follow a member on its line. */
const REST_OF_LINE = /^[ \t]*(?:,[ \t]*)?(?:\/\/[^\n]*|\/\*[^*\n]*\*\/[ \t]*)?(?=\r?\n)/;

export const jsonFile: FileFormat = {
  parse(text) {
    if (text.trim() === "") return {};
    const errors: ParseError[] = [];
    const value: unknown = parse(text.replace(/^\ufeff/, ""), errors, OPTIONS);
    const [first] = errors;
    if (first) throw new Error(`${printParseErrorCode(first.error)} at character ${first.offset}`);
    return value;
  },

  put(text, path, entry) {
    const body = text.trim() === "" ? "{}\n" : text;
    const tree = treeOf(body);
    let depth = path.length - 1;
    while (depth > 0 && !findNodeAtLocation(tree, path.slice(0, depth))) depth -= 1;
    const parent = depth === 0 ? tree : findNodeAtLocation(tree, path.slice(0, depth));
    const [name = "", ...rest] = path.slice(depth);
    if (parent?.type !== "object") return body;
    return inserted(
      body,
      parent,
      name,
      rest.reduceRight<object>((inner, member) => ({ [member]: inner }), entry),
    );
  },

  remove(text, path) {
    const property = findNodeAtLocation(treeOf(text), [...path])?.parent;
    const siblings = property?.parent?.children ?? [];
    if (!property) return text;
    if (siblings.length === 1 && path.length > 1 && !hasComment(text, property))
      return jsonFile.remove(text, path.slice(0, -1));
    const previous = siblings[siblings.indexOf(property) - 1];
    const [, comma] = /^\s*(,)/.exec(text.slice(endOf(property))) ?? [];
    const cut = withoutProperty(text, property, comma !== undefined);
    if (comma !== undefined || !previous) return cut;
    return cut.slice(0, endOf(previous)) + cut.slice(endOf(previous)).replace(/^(\s*),/, "$1");
  },
};

const endOf = ({ offset, length }: Node) => offset + length;
const lineStart = (text: string, at: number) => text.lastIndexOf("\n", at - 1) + 1;
const newlineOf = (text: string) => (text.includes("\r\n") ? "\r\n" : "\n");

function treeOf(text: string): Node {
  const tree = parseTree(text, [], OPTIONS);
  if (!tree) throw new Error("it is empty");
  return tree;
}

/** Behind the last member, or as the only one: on lines of its own unless the object is on one line. */
function inserted(text: string, object: Node, name: string, value: object): string {
  const newline = newlineOf(text);
  const last = object.children?.at(-1);
  const isFlat = last !== undefined && !text.slice(object.offset, endOf(object)).includes("\n");
  if (isFlat) return spliced(text, endOf(last), endOf(last), `, ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const [, unit = "  "] = /\n([ \t]+)\S/.exec(text) ?? [];
  const outer = /^[ \t]*/.exec(text.slice(lineStart(text, object.offset)))?.[0] ?? "";
  const margin = last ? (/^[ \t]*/.exec(text.slice(lineStart(text, last.offset)))?.[0] ?? "") : outer + unit;
  const json = JSON.stringify(value, null, unit)
    .split("\n")
    .join(newline + margin);
  const member = `${newline}${margin}${JSON.stringify(name)}: ${json}`;
  if (!last) {
    const isBlank = text.slice(object.offset + 1, endOf(object) - 1).trim() === "";
    return isBlank
      ? spliced(text, object.offset + 1, endOf(object) - 1, `${member}${newline}${outer}`)
      : spliced(text, object.offset + 1, object.offset + 1, member);
  }
  const rest = REST_OF_LINE.exec(text.slice(endOf(last)))?.[0] ?? "";
  const comma = /^[ \t]*,/.test(rest) ? "" : ",";
  return spliced(text, endOf(last), endOf(last) + rest.length, comma + rest + member);
}

function withoutProperty(text: string, property: Node, withComma: boolean): string {
  const behind = withComma ? text.indexOf(",", endOf(property)) + 1 : endOf(property);
  const start = lineStart(text, property.offset);
  const isAlone = text.slice(start, property.offset).trim() === "";
  if (!isAlone) return spliced(text, property.offset, behind, "");
  const [rest = ""] = /^[ \t]*\r?\n/.exec(text.slice(behind)) ?? [];
  return spliced(text, start, behind + rest.length, "");
}

/** Whether the object around the property holds a comment, which is the user's. */
function hasComment(text: string, { parent, offset, length }: Node): boolean {
  if (!parent) return false;
  const around = text.slice(parent.offset, offset) + text.slice(offset + length, endOf(parent));
  return /\/[/*]/.test(around);
}

function spliced(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}
