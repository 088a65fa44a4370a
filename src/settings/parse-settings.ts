/** The text of a configuration file as settings, or what is wrong with it: file, line, key, what is known or allowed. */
import { parse, TomlError } from "smol-toml";
import type * as z from "zod";
import { quotedWord } from "../support/clip.ts";
import { ExecutionFailure } from "../support/failure.ts";
import { nearestWord } from "../support/nearest-word.ts";
import { JITLESS } from "../support/zod.ts";
import { SETTING_KEYS } from "./keys.ts";
import { type Settings, SettingsSchema } from "./schema.ts";

const MAX_PROBLEMS = 3;
const MAX_KEY_CHARACTERS = 200;
/** What people call the API key, which is not a setting. */
const API_KEY = /^(seren[-_]?)?(api[-_]?)?(key|token|secret)$/i;

/** Throws `invalid_input`. No message holds a value of the file: it may be a key. */
export function parseSettings(path: string, text: string): Settings {
  const parsed = SettingsSchema.safeParse(parseToml(path, text), JITLESS);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, text));
  const more = problems.length - MAX_PROBLEMS;
  const words = problems.slice(0, MAX_PROBLEMS).map((describe) => describe());
  const shown = words.join("; ") + (more > 0 ? `; and ${more} more` : "");
  throw new ExecutionFailure("invalid_input", `${path}: ${shown}; \`seren-bridge config --example\` shows all keys`);
}

function parseToml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    // What follows on further lines is the place in the file, with its values.
    const [why = ""] = cause.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw new ExecutionFailure("invalid_input", `${path}, line ${cause.line}, is not TOML: ${why}; correct that line`);
  }
}

/** Only the few that are shown are put into words: each is looked for in the text. */
function problemsOf(issue: z.core.$ZodIssue, text: string): (() => string)[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") return issue.keys.map((name) => () => unknownKey([...path, name], text));
  const key = path.filter((part) => !/^\d+$/.test(part)).join(".");
  const name = key.split(".").at(-1) ?? "";
  return [() => `${key}${lineOf(name, text)} ${wordsOf(issue)}`];
}

/** zod's own words begin with `Invalid input:` or `Invalid option:`; ours complete a sentence. */
function wordsOf({ message }: z.core.$ZodIssue): string {
  const expected = /^Invalid \w+: expected (.+?)(?:, received .+)?$/.exec(message)?.[1];
  if (expected === "object") return "has to be a table";
  return expected === undefined ? message : `has to be ${expected.replaceAll("|", " or ")}`;
}

function unknownKey(path: readonly string[], text: string): string {
  const name = path.at(-1) ?? "";
  const key = path.join(".");
  const where = lineOf(name, text);
  if (API_KEY.test(name) && path[0] !== "model") {
    return `${quotedWord(key)}${where} does not belong into this file: remove it, and store the key of Seren Cloud with \`seren-bridge login\` or in SEREN_API_KEY`;
  }
  const ofVariable = SETTING_KEYS.find(({ variable }) => variable === name)?.key;
  const known = SETTING_KEYS.map((one) => one.key);
  const tables = SETTING_KEYS.flatMap(({ path: [table = "", ...rest] }) => (rest.length > 0 ? [table] : []));
  const nearest = ofVariable ?? nearestWord(key, [...known, ...tables]) ?? elsewhere(name);
  const help = nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
  return `${quotedWord(key)}${where} is not a setting${help}`;
}

/** A key that stands in the wrong table. */
function elsewhere(name: string): string | undefined {
  return SETTING_KEYS.find(({ path }) => path.at(-1) === name)?.key;
}

/** Returns ` (line N)` where only one line can be meant. */
function lineOf(name: string, text: string): string {
  const lines = text.split("\n").flatMap((line, index) => (lastWordOf(line) === name ? [index + 1] : []));
  return lines.length === 1 ? ` (line ${lines[0]})` : "";
}

/** `b` of the lines `a.b = 1` and `[a.b]`. */
function lastWordOf(line: string): string | undefined {
  const [left = ""] = line.slice(0, MAX_KEY_CHARACTERS).split("=", 1);
  return left
    .replace(/[\s"'[\]]/g, "")
    .split(".")
    .at(-1);
}
