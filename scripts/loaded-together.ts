/**
 * A plugin of the build: what is loaded together is one file. Node takes about as long to find and open a file as to load 50 KiB
 * of code, and the bundler makes a file for each set of files that share code: dozens for one start.
 *
 * The bundler puts code that the same files need into one chunk. So each file that is loaded by name (an entry, or what is imported
 * later) also imports what has been loaded by then in any case, and what the others of its group need: that code has the same
 * users then, and is one chunk. No module is run twice; some is loaded a little earlier than it is used.
 */
import { relative, resolve } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";

const ROOT = process.cwd();
const OWN = /^(?:src|protocols)\//;

interface Together {
  /** Entries of the build. All paths begin at the root of the repository. */
  entries: readonly string[];
  /** Entries of which each loads what any two of them share. A list stands before those that contain it. */
  groups: readonly (readonly string[])[];
  /** How the build reads the files. */
  options: BuildOptions;
}

export function loadedTogether(together: Together): Plugin {
  return {
    name: "loaded-together",
    async setup({ onResolve, onLoad }) {
      const imports = await importsOfRoots(together);
      const joined = new Set([...imports.values()].flat().map((path) => resolve(path)));
      onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir }) => {
        const file = kind === "entry-point" ? resolve(path) : resolve(resolveDir, path);
        if (kind === "entry-point" || kind === "dynamic-import") {
          return imports.has(inRepository(file)) ? { path: file, namespace: "together" } : undefined;
        }
        // `sideEffects` of package.json would let an import without names fall away.
        return joined.has(file) ? { path: file, sideEffects: true } : undefined;
      });
      onLoad({ filter: /.*/, namespace: "together" }, ({ path }) => ({
        resolveDir: ROOT,
        contents: [
          ...(imports.get(inRepository(path)) ?? []).map((file) => `import "./${file}";`),
          `export * from "./${inRepository(path)}";`,
        ].join("\n"),
      }));
    },
  };
}

/** As the bundler writes it on every system. */
function inRepository(path: string): string {
  return relative(ROOT, path).replaceAll("\\", "/");
}

/** For each file that is loaded by name: what it imports besides its own, by path. */
async function importsOfRoots({ entries, groups, options }: Together): Promise<Map<string, string[]>> {
  const entryPoints = [...entries];
  const { metafile } = await build({
    ...options,
    entryPoints,
    bundle: true,
    write: false,
    metafile: true,
    outdir: ".",
  });
  const { later, reached } = graphOf(metafile, entries);

  const loads = new Map(entries.map((entry) => [entry, reached(entry, "at its start")]));
  const loadedBefore = (path: string) =>
    common([...loads].filter(([entry]) => reached(entry, "ever").has(path)).map(([, files]) => files));
  const brings = (path: string): [string, ReadonlySet<string>] => {
    const before = loadedBefore(path);
    return [path, new Set([...reached(path, "at its start")].filter((file) => !before.has(file)))];
  };
  // What is also brought later stays out of the groups: some start does without it.
  for (const [file, users] of usersOf([...loads, ...later.map(brings)])) {
    const group = users.length > 1 ? groups.find((group) => users.every((user) => group.includes(user))) : [];
    for (const entry of group ?? []) loads.get(entry)?.add(file);
  }

  const imports = [...loads, ...later.map((path) => [path, loadedBefore(path)] as const)];
  return new Map(imports.map(([path, files]) => [path, [...files].filter((file) => OWN.test(file)).sort()]));
}

function usersOf(loads: readonly (readonly [string, ReadonlySet<string>])[]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const [entry, files] of loads) for (const file of files) users.set(file, [...(users.get(file) ?? []), entry]);
  return users;
}

function common([first = new Set(), ...others]: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set([...first].filter((one) => others.every((other) => other.has(one))));
}

/** By what the bundler wrote: what a file imports and does not use is not in it. */
function graphOf({ outputs }: Metafile, entries: readonly string[]) {
  const roots = new Map(Object.entries(outputs).map(([path, { entryPoint }]) => [entryPoint, path]));
  const chunksOf = (path: string, when: "at its start" | "ever", found = new Set<string>()): Set<string> => {
    found.add(path);
    for (const one of outputs[path]?.imports ?? []) {
      const isWanted = !one.external && !found.has(one.path) && (when === "ever" || one.kind !== "dynamic-import");
      if (isWanted) chunksOf(one.path, when, found);
    }
    return found;
  };
  const withCode = (chunk: string) =>
    Object.entries(outputs[chunk]?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return {
    later: [...roots.keys()].filter(
      (path) => path !== undefined && OWN.test(path) && !entries.includes(path),
    ) as string[],
    reached: (root: string, when: "at its start" | "ever") =>
      new Set([...chunksOf(roots.get(root) ?? "", when)].flatMap(withCode).map(([path]) => path)),
  };
}
