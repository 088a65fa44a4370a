/** How a tool call looks: its kind, its title and its input, from a name and arguments that a model wrote. */
import type { ToolKind } from "#protocols/acp";
import { clipCharacters } from "../../support/clip.ts";
import { jsonLines } from "../../support/json-source.ts";
import { isObject, parseObject } from "../../support/objects.ts";
import { onOneLine } from "../../support/unseen.ts";

const MAX_TITLE_CHARS = 80;
/** What is read of a name or an argument for the title. */
const MAX_READ_CHARS = 400;
/** More than a person reads in a card. The agent has all of it. */
const MAX_TEXT_CHARS = 20_000;
/** Clients read messages of limited depth; the input is within others. */
const MAX_INPUT_DEPTH = 48;

/** By words of the name, the first that fits. */
const KINDS: readonly (readonly [ToolKind, RegExp])[] = [
  ["search", /^(search|grep|find|glob)$/],
  ["fetch", /^(fetch|http|https|web|browse|download|curl)$/],
  ["edit", /^(write|edit|patch|create|update|apply)$/],
  ["delete", /^(delete|rm|remove)$/],
  ["move", /^(move|mv|rename)$/],
  ["execute", /^(bash|sh|shell|exec|execute|run|deploy|command)$/],
  ["think", /^(think|plan)$/],
  ["read", /^(read|cat|get|list|ls|open|view)$/],
];

/** Arguments that say the most about a call, the most telling first. */
const TELLING = ["command", "cmd", "path", "file_path", "file", "url", "uri", "query", "q", "pattern", "name"];

export function toolKind(name: string): ToolKind {
  const words = name
    .slice(0, MAX_READ_CHARS)
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return KINDS.find(([, pattern]) => words.some((word) => pattern.test(word)))?.[0] ?? "other";
}

export function shortTitle(text: string): string {
  return clipCharacters(onOneLine(text.slice(0, 2 * MAX_READ_CHARS)), MAX_TITLE_CHARS, "…") || "tool";
}

export function toolTitle(name: string, args: string): string {
  const input = args.length <= MAX_TEXT_CHARS ? parseObject(args) : undefined;
  const telling = TELLING.map((key) => input?.[key]).find((value) => typeof value === "string" && value !== "");
  const head = name.slice(0, MAX_READ_CHARS);
  return shortTitle(typeof telling === "string" ? `${head} ${telling.slice(0, MAX_READ_CHARS)}` : head);
}

/** Returns the arguments as an object; undefined when they are none, or no client would take them. */
export function toolInput(args: string): Record<string, unknown> | undefined {
  const input = args.length <= MAX_TEXT_CHARS ? parseObject(args) : undefined;
  return input && isWithin(input, MAX_INPUT_DEPTH) ? input : undefined;
}

/** The same for what a person approves: only if the client cannot show other digits, or fewer members, than were written. */
export function exactInput(args: string): Record<string, unknown> | undefined {
  const input = toolInput(args);
  const shown = (text: string) => jsonLines(text, JSON.stringify).join("\n");
  return input && shown(JSON.stringify(input)) === shown(args) ? input : undefined;
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  return (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []).every((member) =>
    isWithin(member, depth - 1),
  );
}

export const clipped = (text: string) => clipCharacters(text, MAX_TEXT_CHARS);

export const textContent = (text: string) => ({ type: "content" as const, content: { type: "text" as const, text } });
