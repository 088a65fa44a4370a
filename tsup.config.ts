import { readFileSync, rmSync } from "node:fs";
import { build, type Plugin } from "esbuild";
import { defineConfig, type Options } from "tsup";
import { fnv1a64, readToml } from "./src/adapters/roder/manifest/manifest-file.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const define = { __VERSION__: JSON.stringify(version), __RODER_MANIFEST__: JSON.stringify(shippedManifest()) };

/** Read here, so that a start needs neither a TOML parser nor a checksum. */
function shippedManifest(): object {
  const bytes = readFileSync("roder-extension.toml");
  const { id, version, provides: services } = readToml(bytes);
  return { text: bytes.toString(), id, version, services, checksum: fnv1a64(bytes) };
}

/**
 * undici without what we do not use of it (fetch, WebSocket, caches, mocks, …): a third of the memory and of the time
 * to load. It is CommonJS, from which the bundler leaves nothing out by itself. A name that is missing here fails the build.
 */
const onlyPartsOfUndici: Plugin = {
  name: "only-parts-of-undici",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "parts" }));
    onLoad({ filter: /.*/, namespace: "parts" }, () => ({
      resolveDir: import.meta.dirname,
      contents: `
        import api from "undici/lib/api/index.js";
        import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
        export { default as Agent } from "undici/lib/dispatcher/agent.js";
        export { default as Pool } from "undici/lib/dispatcher/pool.js";
        export { default as ProxyAgent } from "undici/lib/dispatcher/proxy-agent.js";
        Object.assign(Dispatcher.prototype, api); // as undici's own index does
      `,
    }));
  },
};

const shared = {
  format: "esm",
  platform: "node",
  target: "node20",
  noExternal: [/.*/], // the hosts start one program; nothing is resolved from node_modules at run time
  removeNodeProtocol: false, // tsup's default rewrites node:sqlite, which exists under that name only
  outExtension: () => ({ js: ".mjs" }),
  define,
  esbuildPlugins: [onlyPartsOfUndici],
} satisfies Options;

const npm = { ...shared, outDir: "dist" } satisfies Options;

const BEHIND_THE_FIRST_REPLY = /^\.\/app\/program\.ts$/;

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
        entryPoints: ["src/app/program.ts"],
        bundle: true,
        minify: true,
        format: "cjs",
        platform: "node",
        target: "node20",
        define,
        plugins: [onlyPartsOfUndici],
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
    // Node keeps the text of what it loads: a shorter one is memory. Names stay, for the stack traces in the log.
    esbuildOptions(options) {
      options.minifyWhitespace = true;
      options.minifySyntax = true;
    },
    // The library is a second entry on the same chunks.
    entry: { program: "src/app/program.ts", index: "src/index.ts" },
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
