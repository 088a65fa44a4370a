import { readFileSync, rmSync } from "node:fs";
import { build, type Plugin } from "esbuild";
import { defineConfig, type Options } from "tsup";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const define = { __VERSION__: JSON.stringify(version) };

const shared = {
  format: "esm",
  platform: "node",
  target: "node20",
  noExternal: [/.*/], // the hosts start one program; nothing is resolved from node_modules at run time
  removeNodeProtocol: false, // tsup's default rewrites node:sqlite, which exists under that name only
  outExtension: () => ({ js: ".mjs" }),
  define,
} satisfies Options;

const npm = { ...shared, outDir: "dist" } satisfies Options;

const BEHIND_THE_FIRST_REPLY = /^\.\/program\.ts$/;

/** The npm build: the program is a file of its own, in chunks that load when they are needed. */
const besideTheEntry: Plugin = {
  name: "beside-the-entry",
  setup: ({ onResolve }) =>
    onResolve({ filter: BEHIND_THE_FIRST_REPLY }, () => ({ path: "./program.mjs", external: true })),
};

/**
 * The release build: the program is a text inside the one file. Node reads past a text in a fraction of the time it
 * takes to parse the same as code, and the first reply needs none of it.
 */
const insideTheEntry: Plugin = {
  name: "inside-the-entry",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: BEHIND_THE_FIRST_REPLY }, ({ path }) => ({ path, namespace: "text" }));
    onLoad({ filter: /.*/, namespace: "text" }, async () => {
      const { outputFiles } = await build({
        entryPoints: ["src/program.ts"],
        bundle: true,
        minify: true,
        format: "cjs",
        platform: "node",
        target: "node20",
        define,
        write: false,
      });
      const text = JSON.stringify(outputFiles[0]?.text);
      return {
        contents: `
          import { createRequire } from "node:module";
          import { compileFunction } from "node:vm";
          const module = { exports: {} };
          const require = createRequire(import.meta.url);
          compileFunction(${text}, ["module", "exports", "require"], { filename: "program.js" })(module, module.exports, require);
          export const { serveCourier, serveRoder, runTerminalMode } = module.exports;
        `,
      };
    });
  },
};

for (const folder of ["dist", "dist-release"]) rmSync(folder, { recursive: true, force: true });

export default defineConfig([
  { ...npm, entry: { "seren-bridge": "src/cli.ts" }, splitting: true, minify: true, esbuildPlugins: [besideTheEntry] },
  {
    ...npm,
    // The library is a second entry on the same chunks.
    entry: { program: "src/program.ts", index: "src/index.ts" },
    splitting: true,
    metafile: true,
    // vscode-jsonrpc and undici are CommonJS: without a `require` in scope the bundle dies on its first dynamic require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  },
  // One self-contained file, because a Dispatch catalog delivers and pins exactly one.
  {
    ...shared,
    outDir: "dist-release",
    entry: { "seren-bridge": "src/cli.ts" },
    splitting: false,
    minify: true,
    esbuildPlugins: [insideTheEntry],
  },
]);
