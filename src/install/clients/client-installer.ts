/** Registering this program in one client that starts it by a command: shown first, verified before it is written, and taken back without a trace. */
import { isDeepStrictEqual } from "node:util";
import { asFailure } from "../../support/failure.ts";
import { isObject } from "../../support/objects.ts";
import { carriedVariables } from "../carried.ts";
import { type FileChange, readUserFile, type UserFile, untouched } from "../file-change.ts";
import { findProgram } from "../find-program.ts";
import { type Finding, ok, problem, skipped } from "../finding.ts";
import type { HostInstaller, InstallContext, OwnCommand } from "../host-installer.ts";
import { type Command, ownCommand } from "./command.ts";
import type { FileFormat } from "./file-format.ts";
import type { Place } from "./place.ts";
import { typedWords } from "./typed-words.ts";

export interface Client {
  /** The word after `seren-bridge setup`. */
  id: string;
  name: string;
  /** Its program, to see whether the client is on this machine. */
  program: string;
  format: "json" | "toml" | "yaml";
  file(place: Place): string;
  /** Where the entry is in the file. */
  path: readonly [string, ...string[]];
  entry(command: Command): object;
  /** Whether the client needs the whole path of a command. Default: a name will do. */
  wantsPath?: boolean;
  /** The arguments of the client's own commands for it, where it has some. Without `remove` the entry is taken out of the file. */
  own?: { add(command: Command): string[]; remove?: readonly string[] };
}

/** What of this program is registered. */
export interface Service {
  /** The first argument that selects it. */
  mode: string;
  /** What people call it. */
  title: string;
}

/** Several of these files hold tokens. */
const NEW_FILE_MODE = 0o600;

/** The parsers are loaded when a file of their format is looked at. */
const FORMATS: Readonly<Record<Client["format"], () => Promise<FileFormat>>> = {
  json: async () => (await import("./json-file.ts")).jsonFile,
  toml: async () => (await import("./toml-file.ts")).tomlFile,
  yaml: async () => (await import("./yaml-file.ts")).yamlFile,
};

export function clientInstaller(client: Client, service: Service): HostInstaller {
  const { title } = service;
  const { id, name } = client;
  return {
    id,
    name,
    help: {
      summary: `the ${title} in ${name}`,
      description: `Registers the ${title} in ${name}, with the settings of this shell. A key is never written: store it with \`seren-bridge login\`.`,
      write: `register the ${title} in ${name}`,
    },
    next: `Start ${name} again to load it.`,
    plan: async (context, { undo }) => [await plan(client, service, context, undo)],
    ownCommand: async (context, { undo }) =>
      undo === (await isRegistered(client, context)) ? startable(client, service, context, undo) : undefined,
    notes: (context) => notes(client, service, context),
    check: (context) => check(client, service, context),
  };
}

async function plan(client: Client, { mode }: Service, context: InstallContext, undo: boolean): Promise<FileChange> {
  const file = await readFile(client, context);
  const format = await FORMATS[client.format]();
  const text = file.text ?? "";
  const before = parse(file, format, text);
  const entry = client.entry(commandOf(client, mode, context));
  const present = at(before, client.path);
  if (undo ? present === undefined : says(present, entry)) return { file, after: text };
  const base = present === undefined ? text : format.remove(text, client.path);
  const after = undo ? withoutEmptyRest(format, base) : format.put(base, client.path, entry);
  if (!isOnly(client, before, parse(file, format, after), undo ? undefined : entry)) {
    const by = JSON.stringify(
      client.path.reduceRight<object>((inner, member) => ({ [member]: inner }), entry),
      null,
      2,
    );
    throw untouched(
      file,
      `its form is one this version cannot change safely.${undo ? "" : ` Add by hand:\n\n${by}\n`}`,
    );
  }
  return { file, after };
}

function readFile(client: Client, { paths, variable }: InstallContext): Promise<UserFile> {
  return readUserFile(client.file({ platform: process.platform, home: paths.home, variable }), NEW_FILE_MODE);
}

function commandOf({ wantsPath: whole = false }: Client, mode: string, context: InstallContext): Command {
  return ownCommand(context, mode, { whole });
}

/** Whether an entry has all of ours, and beyond it only members that are empty: clients write some. */
function says(present: unknown, entry: object): boolean {
  if (!isObject(present)) return false;
  const wanted = new Map<string, unknown>(Object.entries(entry));
  return (
    [...wanted].every(([name, value]) => isDeepStrictEqual(present[name], value)) &&
    Object.entries(present).every(([name, value]) => wanted.has(name) || isEmpty(value))
  );
}

const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** Own commands refuse to add an entry that is there, and to remove one that is not. */
async function isRegistered(client: Client, context: InstallContext): Promise<boolean> {
  const file = await readFile(client, context);
  return at(parse(file, await FORMATS[client.format](), file.text ?? ""), client.path) !== undefined;
}

/** The client's own command, if its program is here and can be started without a shell. */
function startable(client: Client, { mode }: Service, context: InstallContext, undo: boolean): OwnCommand | undefined {
  const program = findProgram(client.program, context.variable);
  const args = undo ? client.own?.remove : client.own?.add(commandOf(client, mode, context));
  if (!program || !args || /\.(?:cmd|bat)$/i.test(program)) return undefined;
  return { argv: [program, ...args], typed: typedWords([client.program, ...args]) };
}

/** A file in which nothing is left is removed. */
function withoutEmptyRest(format: FileFormat, text: string): string {
  const isBare = /^[\s{}]*$/.test(text);
  return isBare && isDeepStrictEqual(format.parse(text), {}) ? "" : text;
}

/** Whether the values differ in our entry only. Maps that hold nothing count as absent. */
function isOnly({ path }: Client, before: unknown, after: unknown, entry: object | undefined): boolean {
  return isDeepStrictEqual(at(after, path), entry) && isDeepStrictEqual(without(before, path), without(after, path));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function without(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (!isObject(value) || name === undefined) return value;
  const { [name]: own, ...others } = value;
  const inner = rest.length > 0 ? without(own, rest) : undefined;
  return isObject(inner) && Object.keys(inner).length > 0 ? { ...others, [name]: inner } : others;
}

function parse(file: UserFile, format: FileFormat, text: string): unknown {
  try {
    const value = format.parse(text);
    if (isObject(value)) return value;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw untouched(file, `it cannot be read (${why}); correct it, or move it away`);
  }
  throw untouched(file, "it is not a map of settings");
}

async function notes(client: Client, { mode }: Service, context: InstallContext): Promise<string[]> {
  const { from } = await context.keys.source();
  const { withheld } = carriedVariables(context.variable);
  const own = client.own?.add(commandOf(client, mode, context));
  const isMissing = own !== undefined && !startable(client, { mode, title: "" }, context, false);
  return [
    ...(isMissing
      ? [
          `${client.name} has a command of its own for this, which cannot be started here: ${typedWords([client.program, ...own])}`,
        ]
      : []),
    ...(withheld.length > 0
      ? [`Not written, because a password may be in it: ${withheld.join(", ")}. If it is needed, add it by hand.`]
      : []),
    ...(from === "environment"
      ? [
          "Many clients do not pass SEREN_API_KEY on, and it does not belong in their files: store the key with `seren-bridge login`.",
        ]
      : []),
    ...(from === "none" ? ["There is no API key yet: run `seren-bridge login`."] : []),
  ];
}

/** Says nothing of a client that is not on this machine. */
async function check(client: Client, { mode, title: what }: Service, context: InstallContext): Promise<Finding[]> {
  const [id, title] = [`${mode}.${client.id}`, `${what} in ${client.name}`];
  const program = findProgram(client.program, context.variable);
  try {
    const file = await readFile(client, context);
    if (file.text === undefined && !program) return [];
    const format = await FORMATS[client.format]();
    const entry = at(parse(file, format, file.text ?? ""), client.path);
    if (entry !== undefined) return [ok(id, title, "registered")];
    return [skipped(id, title, `not registered; seren-bridge setup ${client.id} shows how`)];
  } catch (error) {
    return [problem(id, title, asFailure(error).message, "repair the file")];
  }
}
