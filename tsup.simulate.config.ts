import { defineConfig } from "tsup";

/** The simulator as one file: bundled once, because starting it through a transpiler costs more than a thousand plans. */
export default defineConfig({
  entry: { simulate: "test/sim/main.ts" },
  outDir: "node_modules/.cache/seren-bridge",
  format: "esm",
  platform: "node",
  target: "node20",
  noExternal: [/.*/],
  removeNodeProtocol: false,
  outExtension: () => ({ js: ".mjs" }),
  define: { __VERSION__: JSON.stringify("0.0.0-simulated") },
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  sourcemap: "inline",
  silent: true,
});
