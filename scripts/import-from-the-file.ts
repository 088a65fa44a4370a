/**
 * A plugin of the build: what a file imports through the door of a room (`index.ts`) it imports from the file that has it.
 *
 * The bundler puts what several front ends share into common files, and each front end loads all that any of them takes through
 * the same door: without this, `runs list` would load the JSON-RPC library, because MCP takes that through the door that also
 * leads to stdout.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Plugin } from "esbuild";

const OWN = /[\\/](?:src|protocols)[\\/].*\.ts$/;
const IMPORT = /^import \{([^}]*)\} from "([^"]+)";$/gm;
const EXPORT = /^export (type )?(?:\{([^}]*)\}|\*) from "([^"]+)";\n?/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g;

/** Where each name comes from: the file, and its name there. */
type Door = ReadonlyMap<string, readonly [file: string, name: string]>;

/** By path; undefined for a file that is no door. */
const doors = new Map<string, Door | undefined>();

export const importFromTheFile: Plugin = {
  name: "import-from-the-file",
  setup({ onLoad }) {
    onLoad({ filter: OWN }, ({ path }) => ({ contents: rewritten(path), loader: "ts" }));
  },
};

function rewritten(path: string): string {
  return readFileSync(path, "utf8").replace(IMPORT, (statement, names: string, from: string) => {
    const door = namesBehind(fileOf(from, path));
    if (!door) return statement;
    return namesOf(names)
      .map(({ isType, name, as }) => {
        const [file, its] = door.get(name) ?? [];
        if (isType || !file) return `import {${isType ? "type " : ""}${name} as ${as}} from ${JSON.stringify(from)};`;
        return `import {${its} as ${as}} from ${JSON.stringify(file)};`;
      })
      .join("");
  });
}

/** Only a file that does nothing but pass names on is a door. */
function namesBehind(path: string | undefined): Door | undefined {
  if (path === undefined) return undefined;
  if (!doors.has(path)) doors.set(path, readDoor(path));
  return doors.get(path);
}

function readDoor(path: string): Door | undefined {
  const text = readFileSync(path, "utf8").replace(COMMENT, "");
  if (text.replace(EXPORT, "").trim() !== "") return undefined;
  const found = new Map<string, readonly [file: string, name: string]>();
  for (const [, isType, names, from = ""] of text.matchAll(EXPORT)) {
    const file = fileOf(from, path);
    if (isType || file === undefined) continue;
    const behind = namesBehind(file);
    if (names === undefined) {
      if (!behind) return undefined; // `export *` of a file whose names are not known here
      for (const [name, origin] of behind) found.set(name, origin);
      continue;
    }
    for (const { isType, name, as } of namesOf(names)) if (!isType) found.set(as, behind?.get(name) ?? [file, name]);
  }
  return found;
}

/** `a, type B, c as d` */
function namesOf(list: string): { isType: boolean; name: string; as: string }[] {
  return list
    .split(",")
    .map((one) => /^\s*(type )?(\w+)(?: as (\w+))?\s*$/.exec(one))
    .filter((one) => one !== null)
    .map(([, isType, name = "", as = name]) => ({ isType: isType !== undefined, name, as }));
}

/** The file of this repository that the specifier names, undefined for a package. */
function fileOf(from: string, importer: string): string | undefined {
  const protocol = /^#protocols\/(.+)$/.exec(from)?.[1];
  const path = protocol ? resolve("protocols", protocol, "index.ts") : join(dirname(importer), from);
  const isOwn = protocol !== undefined || from.startsWith(".");
  return isOwn && path.endsWith(".ts") && existsSync(path) ? path : undefined;
}
