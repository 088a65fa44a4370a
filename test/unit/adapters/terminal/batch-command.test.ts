/** What is typed for a batch, and is refused before anything is started. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startCloud } from "../../../support/child-process/cloud.ts";
import { TestTerminal } from "./harness.ts";

const begin = async () => {
  const server = await startCloud();
  const terminal = new TestTerminal(server.env);
  terminal.file("rows.csv", "city\nLisbon\nBerlin\n");
  const rows = join(terminal.home, "rows.csv");
  const out = join(terminal.home, "out.jsonl");
  return { server, terminal, rows, out };
};

test.each([
  ["--out -", ["--out", "-"], "--out is a file, which --resume needs as well; stdout cannot be one"],
  ["an empty --out", ["--out", ""], "--out has no value"],
  ["an empty --deployment", ["--out", "OUT", "--deployment", ""], "--deployment has no value"],
  ["a template that names no column", ["--out", "OUT", "--template", "Hello"], "--template names no column"],
  [
    "the form of other programs",
    ["--out", "OUT", "--template", "Of {{city}}"],
    "{{column}} stands for the word in braces",
  ],
])("%s", async (_, args, why) => {
  const { server, terminal, rows, out } = await begin();
  const template = args.includes("--template") ? [] : ["--template", "{city}"];
  const said = await terminal.run(["batch", rows, ...template, ...args.map((arg) => (arg === "OUT" ? out : arg))]);
  expect(said.stderr).toContain(why);
  expect(said.code).toBe(2);
  expect(server.cloud.stats().createsReceived).toBe(0);
  expect(existsSync(out)).toBe(false);
  expect(readdirSync(terminal.home).filter((name) => name.endsWith(".batch"))).toEqual([]);
});

test("a prompt for one row needs no column", async () => {
  const { terminal, out } = await begin();
  terminal.file("one.jsonl", "{}");
  expect(
    await terminal.run(["batch", join(terminal.home, "one.jsonl"), "--template", "Hello", "--out", out]),
  ).toMatchObject({ code: 0 });
});

test.each(["wait", "return"])("--resume with --approvals %s is refused, not ignored", async (how) => {
  const { terminal, out } = await begin();
  const said = await terminal.run(["batch", "--resume", "--out", out, "--approvals", how]);
  expect(said.code).toBe(2);
  expect(said.stderr).toContain("leave out --approvals");
});

test.each([
  ["run", ["run", "hello", "--session", ""], "--session has no value"],
  ["run", ["run", "hello", "-d", ""], "--deployment has no value"],
  ["runs list", ["runs", "list", "--deployment", ""], "--deployment has no value"],
])("%s: an option whose value is empty, as from a variable that is not set, is refused", async (_, args, why) => {
  const { server, terminal } = await begin();
  const said = await terminal.run(args);
  expect(said.code).toBe(2);
  expect(said.stderr).toContain(why);
  expect(server.cloud.stats().createsReceived).toBe(0);
});
