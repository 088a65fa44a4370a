/** What README and docs say: the examples run, the messages exist, the limits are those of the program. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MAX_TEXT_CHARACTERS } from "../../src/core/run/text-buffer.ts";
import { MAX_ASSET_BYTES, MAX_BUNDLE_BYTES, MAX_INSTRUCTION_BYTES } from "../../src/parcel/bundle.ts";
import { MAX_FRAME_CHARACTERS } from "../../src/seren/follow/sse.ts";
import { MAX_BODY_BYTES } from "../../src/seren/http/http-transport.ts";
import { MAX_OUTGOING_LINE_BYTES } from "../../src/stdio/encode-line.ts";
import { MAX_LINE_BYTES } from "../../src/stdio/ndjson-reader.ts";
import { PROGRAM, ROOT, requireBuilt, scratchFolder } from "../support/child-process/child.ts";
import { startLocalService } from "../support/child-process/local-service.ts";

const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const pageText = (page: string) => readFileSync(join(ROOT, page), "utf8");

interface Example {
  page: string;
  line: number;
  text: string;
}

/** Blocks that say `sh test`: complete examples for a machine without a key. */
const EXAMPLES: Example[] = PAGES.flatMap((page) => {
  const text = pageText(page);
  return [...text.matchAll(/^```sh test\n([\s\S]*?)^```$/gm)].map(({ 1: block = "", index }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    text: block,
  }));
});

describe.skipIf(process.platform === "win32")("the examples", () => {
  test("are there", () => expect(EXAMPLES.length).toBeGreaterThanOrEqual(5));

  test.each(EXAMPLES)(
    "$page, line $line, work against the embedded service",
    async ({ text }) => {
      const home = scratchFolder();
      const work = join(home, "work");
      cpSync(join(ROOT, "examples"), join(work, "examples"), { recursive: true });
      mkdirSync(join(home, "bin"));
      const shim = join(home, "bin", "seren-bridge");
      writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${requireBuilt(PROGRAM)}" "$@"\n`);
      chmodSync(shim, 0o755);
      const git = join(home, "bin", "git"); // what a repository says is not what is tried here
      writeFileSync(git, "#!/bin/sh\necho 'commit 1'\n");
      chmodSync(git, 0o755);
      const { env } = await startLocalService();
      const done = spawnSync("bash", ["-eu", "-o", "pipefail", "-c", text], {
        cwd: work,
        env: { ...env, PATH: `${join(home, "bin")}:${process.env.PATH}`, HOME: home },
        encoding: "utf8",
      });
      expect(done.stderr, done.stdout).not.toMatch(/seren-bridge: (?!the run waits)/);
      expect(done.status, done.stderr).toBe(0);
      expect(done.stdout.length).toBeGreaterThan(0);
    },
    120_000,
  );
});

describe("the troubleshooting table", () => {
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, "src", name), "utf8"))
    .join("\n");
  const section = /^## Troubleshooting\n([\s\S]*?)^## /m.exec(pageText("README.md"))?.[1] ?? "";
  const messages = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = ""]) => message);

  test("has messages", () => expect(messages.length).toBeGreaterThanOrEqual(10));
  test.each(messages)("%s is what the program says", (message) => {
    expect(sources).toContain(message);
  });
});

test("the limits are the ones the program has", () => {
  const section = /^## Limits\n([\s\S]*?)^## /m.exec(pageText("README.md"))?.[1] ?? "";
  const MIB = 1024 * 1024;
  expect([MAX_INSTRUCTION_BYTES, MAX_ASSET_BYTES, MAX_BUNDLE_BYTES]).toEqual([MIB, 8 * MIB, 16 * MIB]);
  expect(section).toContain("| 1 MiB per instruction file, 8 MiB per other file, 16 MiB in total |");
  expect([MAX_LINE_BYTES, MAX_OUTGOING_LINE_BYTES]).toEqual([64 * MIB, MIB]);
  expect(section).toContain("| A line from the host; to the host | 64 MiB; 1 MiB |");
  expect(MAX_TEXT_CHARACTERS).toBe(MIB);
  expect(section).toContain("| The final text of a run | 1,048,576 characters;");
  expect([MAX_FRAME_CHARACTERS, MAX_BODY_BYTES]).toEqual([4 * MIB, 32 * MIB]);
  expect(section).toContain("| 4,194,304 characters; 32 MiB (");
});
