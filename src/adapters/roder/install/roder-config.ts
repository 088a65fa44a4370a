/**
 * Our `[[process_extensions]]` entry in Roder's `config.toml`. The file is the user's: the entry is a block of its own
 * between two comments, everything else keeps every byte.
 */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "smol-toml";
import * as z from "zod";
import {
  type FileChange,
  hasBlock,
  type InstallContext,
  readUserFile,
  type UserFile,
  untouched,
  withBlock,
  withoutBlock,
} from "../../../install/index.ts";

/** Equals the manifest's id, so that this entry takes the place of an installed package's instead of clashing with it. */
export const EXTENSION_ID = "roder-ext-seren-cloud";
const MARKS = {
  open: "# >>> seren-bridge: written by `seren-bridge setup roder`, taken back by `--undo`",
  close: "# <<< seren-bridge",
};
/** The file may hold keys. */
const NEW_FILE_MODE = 0o600;

const EntrySchema = z.looseObject({
  id: z.string(),
  enabled: z.boolean().optional(),
  manifest: z.string(),
  command: z.string(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
});
export type RoderEntry = z.output<typeof EntrySchema>;
const ConfigSchema = z.looseObject({ process_extensions: z.array(z.looseObject({ id: z.unknown() })).optional() });

export function roderFolder({ paths, variable }: InstallContext): string {
  return variable("RODER_CONFIG_DIR") ?? join(paths.home, ".roder");
}

export function readRoderConfig(context: InstallContext): Promise<UserFile> {
  return readUserFile(join(roderFolder(context), "config.toml"), NEW_FILE_MODE);
}

/** Our entry, written by `setup` or by hand. Throws `invalid_input` for a file that is not TOML. */
export function configuredEntry(file: UserFile): RoderEntry | undefined {
  const found = parseConfig(file, file.text ?? "").process_extensions?.find(({ id }) => id === EXTENSION_ID);
  return found && EntrySchema.safeParse(found).data;
}

function entryText({ id, manifest, command, args = [], env = {} }: RoderEntry): string {
  const quote = (text: string) => JSON.stringify(text);
  const variables = Object.entries(env);
  return [
    "[[process_extensions]]",
    `id = ${quote(id)}`,
    `manifest = ${quote(manifest)}`,
    `command = ${quote(command)}`,
    `args = [${args.map(quote).join(", ")}]`,
    ...(variables.length > 0
      ? [`env = { ${variables.map(([name, value]) => `${name} = ${quote(value)}`).join(", ")} }`]
      : []),
  ].join("\n");
}

/** Throws `invalid_input` when the entry cannot be added safely; the message has what to add by hand. */
export function withRoderEntry(file: UserFile, entry: RoderEntry): FileChange {
  const text = file.text ?? "";
  const before = parseConfig(file, text);
  const after = withBlock(text, MARKS, entryText(entry));
  if (hasBlock(text, MARKS)) return verified(file, before, after, entry);
  const present = configuredEntry(file);
  if (present && isDeepStrictEqual(plain(present), entry)) return { file, after: text };
  if (present) {
    throw untouched(
      file,
      `it already has an entry "${EXTENSION_ID}" that was written by hand. Make it read:\n\n${entryText(entry)}\n`,
    );
  }
  return verified(file, before, after, entry);
}

export function withoutRoderEntry(file: UserFile): FileChange {
  const text = file.text ?? "";
  const after = withoutBlock(text, MARKS);
  if (after === undefined) {
    if (configuredEntry(file)) {
      throw untouched(file, `its entry "${EXTENSION_ID}" was written by hand, so it is yours to remove`);
    }
    return { file, after: text };
  }
  return verified(file, parseConfig(file, text), after, undefined);
}

type Config = z.output<typeof ConfigSchema>;

/** The text was changed by position: this parses it and throws unless only our entry differs. */
function verified(file: UserFile, before: Config, after: string, entry: RoderEntry | undefined): FileChange {
  const others = ({ process_extensions = [], ...rest }: Config) => ({
    ...rest,
    process_extensions: process_extensions.filter(({ id }) => id !== EXTENSION_ID),
  });
  let fresh: Config | undefined;
  try {
    fresh = ConfigSchema.parse(parse(after));
  } catch {
    // refused below
  }
  const found = fresh?.process_extensions?.filter(({ id }) => id === EXTENSION_ID) ?? [];
  const right = entry ? found.length === 1 && isDeepStrictEqual(plain(found[0]), entry) : found.length === 0;
  if (!fresh || !right || !isDeepStrictEqual(plain(others(fresh)), plain(others(before)))) {
    throw untouched(
      file,
      `its form is one this version cannot change safely${entry ? `. Add by hand:\n\n${entryText(entry)}\n` : ""}`,
    );
  }
  return { file, after };
}

/** The parser makes objects without a prototype, which count as different. */
function plain(value: unknown): unknown {
  return structuredClone(value);
}

function parseConfig(file: UserFile, text: string): Config {
  try {
    return ConfigSchema.parse(parse(text.replace(/^\ufeff/, "")));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw untouched(file, `it cannot be read as TOML (${why}); correct it, or move it away`);
  }
}
