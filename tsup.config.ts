import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { defineConfig, type Options } from "tsup";
import { importFromTheFile } from "./scripts/import-from-the-file.ts";
import { loadedTogether } from "./scripts/loaded-together.ts";
import { fnv1a64, readToml } from "./src/adapters/roder/manifest/manifest-file.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const define = {
  __VERSION__: JSON.stringify(version),
  __RODER_MANIFEST__: JSON.stringify(shippedManifest()),
  __CHUNK_HASHES__: '""',
};
/** `scripts/pin-chunks.mjs` puts the hashes of the finished chunks in its place. */
const PINNED = { ...define, __CHUNK_HASHES__: '"@chunk-hashes@"' };

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
        export { default as buildConnector } from "undici/lib/core/connect.js";
        export { default as Pool } from "undici/lib/dispatcher/pool.js";
        Object.assign(Dispatcher.prototype, api); // as undici's own index does
      `,
    }));
  },
};

/**
 * vscode-jsonrpc without its transports (pipes, sockets, child processes), for which its Node form loads half of Node. A name that
 * is missing here fails the build.
 */
const jsonrpcWithoutTransports: Plugin = {
  name: "jsonrpc-without-transports",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^vscode-jsonrpc\/node$/ }, ({ path }) => ({ path, namespace: "core" }));
    onLoad({ filter: /.*/, namespace: "core" }, () => {
      const folder = join(import.meta.dirname, "node_modules", "vscode-jsonrpc", "lib");
      return {
        resolveDir: folder,
        contents: `
          import runtime from "./node/ril.js";
          runtime.install();
          export {
            AbstractMessageReader, AbstractMessageWriter, CancellationSenderStrategy, CancellationTokenSource, createMessageConnection,
            Message, ResponseError,
          } from "./common/api.js";
        `,
      };
    });
  },
};

/** The CommonJS form of this package loads its parts in a way that the bundler does not see. */
const jsoncAsModule: Plugin = {
  name: "jsonc-as-module",
  setup: ({ onResolve, resolve }) =>
    onResolve({ filter: /^jsonc-parser$/ }, ({ path, kind, resolveDir }) =>
      resolve(`${path}/lib/esm/main.js`, { kind, resolveDir }),
    ),
};

const shared = {
  format: "esm",
  platform: "node",
  target: "node20",
  noExternal: [/.*/], // the hosts start one program; nothing is resolved from node_modules at run time
  removeNodeProtocol: false, // tsup's default rewrites node:sqlite, which exists under that name only
  outExtension: () => ({ js: ".mjs" }),
  define,
  esbuildPlugins: [onlyPartsOfUndici, jsonrpcWithoutTransports, jsoncAsModule, importFromTheFile],
} satisfies Options;

const npm = { ...shared, outDir: "dist" } satisfies Options;

/** Each file is a front end, which `app/front-ends.ts` imports by this path when it is asked for. */
const FRONT_ENDS = readdirSync("src/app/front-ends").map((file) => basename(file, ".ts"));
const FRONT_END_PATH = /^\.\/front-ends\/([\w-]+)\.ts$/;
const frontEnd = (name: string) => `src/app/front-ends/${name}.ts`;
const frontEndIn = (path: string) => FRONT_END_PATH.exec(path)?.[1] ?? "";

/** The npm build: a front end is a file beside the entry, on chunks that load when they are needed. */
const besideTheEntry: Plugin = {
  name: "beside-the-entry",
  setup: ({ onResolve }) =>
    onResolve({ filter: FRONT_END_PATH }, ({ path }) => ({ path: `./${frontEndIn(path)}.mjs`, external: true })),
};

/**
 * The release build: all front ends are one text inside the one file. Node reads past a text in a fraction of the time it
 * takes to parse the same as code, and the first reply needs none of it.
 */
const insideTheEntry: Plugin = {
  name: "inside-the-entry",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: FRONT_END_PATH }, ({ path }) => ({ path: frontEndIn(path), namespace: "front-end" }));
    onLoad({ filter: /.*/, namespace: "front-end" }, ({ path }) => ({
      contents: `
        import { frontEnds } from "all";
        export const serve = async (...start) => (await frontEnds[${JSON.stringify(path)}]()).serve(...start);
      `,
    }));
    onResolve({ filter: /^all$/, namespace: "front-end" }, ({ path }) => ({ path, namespace: "text" }));
    onLoad({ filter: /.*/, namespace: "text" }, async () => {
      const loaders = FRONT_ENDS.map((name) => `${JSON.stringify(name)}: () => import("./${name}.ts")`);
      const { outputFiles } = await build({
        stdin: { contents: `export const frontEnds = { ${loaders.join(", ")} };`, resolveDir: "src/app/front-ends" },
        bundle: true,
        minify: true,
        format: "cjs",
        platform: "node",
        target: "node20",
        define,
        plugins: [onlyPartsOfUndici, jsonrpcWithoutTransports, jsoncAsModule, importFromTheFile],
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
          export const { frontEnds } = module.exports;
        `,
      };
    });
  },
};

const HOSTS = ["courier", "deployment", "roder", "mcp", "acp"].map(frontEnd);

/** The terminal and the library load what they share with hosts, which is small; hosts share the libraries for their wires. */
const oneFileForWhatIsShared = loadedTogether({
  entries: FRONT_ENDS.map(frontEnd),
  groups: [
    ["courier", "deployment"].map(frontEnd),
    ["roder", "mcp", "acp"].map(frontEnd),
    HOSTS,
    [...HOSTS, frontEnd("terminal")],
  ],
  options: {
    platform: "node",
    format: "esm",
    splitting: true,
    target: "node20",
    define,
    plugins: shared.esbuildPlugins,
  },
});

const published: Options[] = [
  {
    ...npm,
    entry: { "seren-bridge": "src/cli.ts" },
    splitting: true,
    minify: true,
    esbuildPlugins: [besideTheEntry],
    define: PINNED,
  },
  {
    ...npm,
    // Node keeps the text of what it loads: a shorter one is memory. Names stay, for the stack traces in the log.
    esbuildOptions(options) {
      options.minifyWhitespace = true;
      options.minifySyntax = true;
    },
    // The library is a second entry on the same chunks.
    entry: {
      ...Object.fromEntries(FRONT_ENDS.map((name) => [name, frontEnd(name)])),
      index: "src/index.ts",
    },
    splitting: true,
    esbuildPlugins: [oneFileForWhatIsShared, ...shared.esbuildPlugins],
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
];

/** `tsup --sourcemap` is the development build: the npm build in `dist-dev`, readable and with source maps. */
export default defineConfig(({ sourcemap }) => {
  if (!sourcemap) {
    for (const folder of ["dist", "dist-release"]) rmSync(folder, { recursive: true, force: true });
    return published;
  }
  rmSync("dist-dev", { recursive: true, force: true });
  return published
    .slice(0, 2)
    .map(({ esbuildOptions: _, ...options }) => ({ ...options, define, outDir: "dist-dev", minify: false }));
});
