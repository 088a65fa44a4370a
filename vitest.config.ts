import { defineConfig } from "vitest/config";

const limits = { testTimeout: 30_000, hookTimeout: 30_000 };
/** Files that replace a module (`vi.mock`), and so need a module cache of their own. */
const MOCKING = ["test/unit/config.test.ts"];

/**
 * `npm test` runs `tests` and `mocking`; `npm run test:campaigns` runs `campaigns`. Without a project vitest runs all.
 * The files of `tests` share a process per worker: loading the sources again for each costs more than most tests do.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { ...limits, name: "tests", include: ["test/**/*.test.ts"], exclude: MOCKING, isolate: false },
      },
      { extends: true, test: { ...limits, name: "mocking", include: MOCKING } },
      // Long ones: every byte, many seeds, kills, fuzzing, every supported Node. Their limit finds what hangs, on any machine.
      {
        extends: true,
        test: { testTimeout: 600_000, hookTimeout: 60_000, name: "campaigns", include: ["test/**/*.campaign.ts"] },
      },
    ],
  },
  define: { __VERSION__: JSON.stringify("0.0.0-test") },
});
