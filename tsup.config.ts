import { readFileSync } from "node:fs";
import { defineConfig, type Options } from "tsup";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

const shared = {
  format: "esm",
  platform: "node",
  target: "node20",
  noExternal: [/.*/], // the hosts start one program; nothing is resolved from node_modules at run time
  removeNodeProtocol: false, // tsup's default rewrites node:sqlite, which exists under that name only
  outExtension: () => ({ js: ".mjs" }),
  define: { __VERSION__: JSON.stringify(version) },
  // vscode-jsonrpc and undici are CommonJS: without a `require` in scope the bundle dies on its first dynamic require.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  clean: true,
} satisfies Options;

export default defineConfig([
  // npm: a small entry; HTTP, the embedded service and the terminal code are chunks that load when they are needed.
  // The library is a second entry on the same chunks.
  {
    ...shared,
    entry: { "seren-bridge": "src/cli.ts", index: "src/index.ts" },
    outDir: "dist",
    splitting: true,
    metafile: true,
  },
  // release: one self-contained file, because a Dispatch catalog delivers and pins exactly one.
  { ...shared, entry: { "seren-bridge": "src/cli.ts" }, outDir: "dist-release", splitting: false, minify: true },
]);
