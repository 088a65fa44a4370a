import { defineConfig } from "vitest/config";

const shared = {
  testTimeout: 30_000,
  hookTimeout: 30_000,
};

/** Two projects: `npm test` runs `tests`, `npm run test:campaigns` runs `campaigns`. Without a project vitest runs both. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { extends: true, test: { ...shared, name: "tests", include: ["test/**/*.test.ts"] } },
      // Minutes each: random plans, kills, fuzzing, every supported Node.
      { extends: true, test: { ...shared, name: "campaigns", include: ["test/**/*.campaign.ts"] } },
    ],
  },
  define: { __VERSION__: JSON.stringify("0.0.0-test") },
});
