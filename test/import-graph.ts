/** Which file of the sources imports which, read type-only, dynamic and re-exported imports included. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

/** Paths of the TypeScript files in a folder, relative to the repository, with forward slashes. */
export const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => posix.join(folder, path.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".ts"));

/** Module specifiers of a file, as written. */
export const specifiers = (path: string): string[] =>
  [...readFileSync(path, "utf8").matchAll(/\b(?:from|import)\s*\(?\s*"([^"\s]+)"/g)].map(([, name = ""]) => name);

/** The file of ours that a specifier in `path` names; undefined for a package. */
export function targetFile(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("#protocols/")) return `${specifier.slice(1)}/index.ts`;
  return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : undefined;
}

export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Each file with the files it imports. */
export function importGraph(folders: readonly string[]): ImportGraph {
  const files = folders.flatMap(sources);
  return new Map(files.map((path) => [path, specifiers(path).flatMap((name) => targetFile(path, name) ?? [])]));
}

/** One import cycle of each group of files that import each other, as a path that ends where it began. */
export function importCycles(graph: ImportGraph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (file: string): void => {
    const start = open.indexOf(file);
    if (start >= 0) cycles.push([...open.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    open.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    open.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}
