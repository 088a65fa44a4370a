/** `runs export`, as a person types it. */
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { RunOutputLineSchema } from "../../src/adapters/terminal/index.ts";
import { API_KEY, scratchFolder } from "../support/child-process/child.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const STEPS = [
  { think: "hm\n" },
  { tool: "grep", args: { q: "<b>" }, result: "3 hits" },
  { tool: "post", args: {}, result: "refused", error: true },
  {
    artifact: { id: "a", kind: "report", title: "Größe.md", url: "https://example.org/r?X-Amz-Signature=abcdef123456" },
  },
  { text: `Three <b>hits</b>. ${API_KEY} \u202e`, n: 2 },
];

let server: Cloud;
let home: string;
let folder: string;
const run = (...args: string[]) => startTerminal(server.env, args, home).ended;

beforeEach(async () => {
  server = await startCloud();
  home = scratchFolder();
  folder = scratchFolder();
});

async function ended(...steps: object[]): Promise<string> {
  await run("run", "--", script(...steps));
  return (await server.run(0)).runId;
}

test("Markdown on stdout: all that is known, and no secret", async () => {
  const id = await ended(...STEPS);
  const { code, stdout, stderr } = await run("runs", "export", id.slice(0, 8), "--out", "-"); // the same as without
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const part of [
    "completed",
    "grep",
    "3 hits",
    "refused",
    "Größe.md",
    "Three <b>hits</b>. [redacted] \\u{202e}Three",
    "Follow the script",
  ])
    expect(stdout).toContain(part);
  expect(stdout).not.toContain(API_KEY);
  expect(stdout).not.toContain("abcdef123456");
});

test("a page in a file: whole, for its owner, and not over another one unless that is wanted", async () => {
  const id = await ended(...STEPS);
  const file = join(folder, "run.html");
  expect(await run("runs", "export", id, "--out", file)).toEqual({ code: 0, stdout: "", stderr: `saved as ${file}\n` });
  const page = readFileSync(file, "utf8");
  expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect(page).toContain('Three &lt;b&gt;hits&lt;/b&gt;. [redacted] <span class="u">\\u{202e}</span>');
  expect(page).not.toContain(API_KEY);
  expect(page).not.toContain("abcdef123456");
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);

  writeFileSync(file, "mine");
  const refused = await run("runs", "export", id, "--out", file);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("is there already; --force replaces it") });
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect(await run("runs", "export", id, "--out", file, "--force")).toMatchObject({ code: 0 });
  expect(readFileSync(file, "utf8").replace(/Read at.*/, "")).toBe(page.replace(/Read at.*/, ""));
});

test.skipIf(process.platform === "win32")("a link counts as a file, also one that leads nowhere", async () => {
  const id = await ended({ text: "a\n" });
  const link = join(folder, "link.md");
  symlinkSync(join(folder, "nothing"), link);
  expect(await run("runs", "export", id, "--out", link)).toMatchObject({ code: 1 });
  expect(existsSync(join(folder, "nothing"))).toBe(false);
});

describe("JSON lines", () => {
  const lines = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => RunOutputLineSchema.parse(JSON.parse(line)));

  test("are those of run --json, to stdout and to a file", async () => {
    const id = await ended(...STEPS);
    const { stdout } = await run("runs", "export", id, "--format", "jsonl");
    const read = lines(stdout);
    expect(read.map(({ type }) => type)).toEqual(
      "status input thinking tool_call tool_result tool_call tool_result artifact text usage outcome".split(" "),
    );
    expect(read[1]).toMatchObject({ message: expect.stringContaining("Follow the script.") });
    expect(read.at(-1)).toMatchObject({ type: "outcome", outcome: "completed", run_id: id });
    const file = join(folder, "run.jsonl");
    await run("runs", "export", id, "--out", file);
    expect(lines(readFileSync(file, "utf8"))).toEqual(read);
  });

  test("of a run that waits end with what it waits for", async () => {
    const { stdout } = await run("run", "--detach", script({ text: "a\n" }, { approve: "pay", reason: "rent" }));
    const id = stdout.trim();
    await run("runs", "follow", id, "--timeout", "1s");
    const read = lines((await run("runs", "export", id, "--format", "jsonl")).stdout);
    expect(read.find(({ type }) => type === "status")).toMatchObject({ phase: "awaiting_approval" });
    expect(read).toContainEqual({
      type: "approval_wait",
      approvals: [expect.objectContaining({ tool: "pay", reason: "rent" })],
    });
    expect(read.at(-1)).toMatchObject({
      type: "notice",
      message: expect.stringContaining("had not ended (needs approval: waiting for approval)"),
    });
  });
});

test("a log longer than a record is read page by page", async () => {
  const id = await ended({ think: "{i} ", n: 21_000 }, { text: "end\n" });
  const { stdout } = await run("runs", "export", id);
  expect(stdout).toContain(" 20998 20999 ");
  expect(stdout).toContain("end");
  expect(stdout).not.toContain("something is missing");
});

test("an unknown run, an unknown format", async () => {
  expect(await run("runs", "export", "00000000-0000-4000-8000-000000000001")).toMatchObject({ code: 1, stdout: "" });
  expect(await run("runs", "export", "0000", "--format", "pdf")).toMatchObject({ code: 2, stdout: "" });
});
