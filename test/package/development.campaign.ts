/** `npm run dev`: builds, runs, and does both again when a source changes; errors are traced to the TypeScript. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/child-process/child.ts";

test("a saved source is built and run again, with source maps that lead to it", { timeout: 120_000 }, async () => {
  const dev = spawn(process.execPath, [join(ROOT, "scripts", "dev.mjs"), "run", "hello"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void dev.kill());
  let said = "";
  dev.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const runs = async (count: number) => {
    while (said.split("You said: hello").length <= count) await once(dev.stdout, "data");
  };
  await runs(1);
  const now = new Date();
  utimesSync(join(ROOT, "src", "build-constants.d.ts"), now, now);
  await runs(2);
  const { sources } = JSON.parse(readFileSync(join(ROOT, "dist-dev", "seren-bridge.mjs.map"), "utf8"));
  expect(sources).toContain("../src/cli.ts");
  expect(existsSync(join(ROOT, "dist", "seren-bridge.mjs.map"))).toBe(false);
});
