/** Members that are nested 100,000 levels deep, inside otherwise good answers: no call of ours may follow them to the end. */
import { expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { inflating, MARK } from "../support/child-process/inflating-proxy.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const LEVELS = 100_000;
const SHAPES = {
  lists: "[".repeat(LEVELS) + "]".repeat(LEVELS),
  objects: `${'{"a":'.repeat(LEVELS)}1${"}".repeat(LEVELS)}`,
};

test.each(Object.entries(SHAPES))("deep %s cost no command its answer", { timeout: 120_000 }, async (_, deep) => {
  const cloud = await startCloud();
  const base = await inflating(cloud.env.SEREN_API_BASE, deep);
  const env = { ...cloud.env, SEREN_API_BASE: base };
  const prompt = script(
    { tool: "look", args: MARK, result: MARK },
    { tool: "look", args: { at: MARK }, result: { found: MARK } },
    { raw: { event_type: "tool_call", name: MARK, arguments: MARK, message: MARK, extra: MARK } },
    { raw: { event_type: MARK, usage: MARK } },
    { text: "the answer\n" },
  );
  const ran = await startTerminal(env, ["run", prompt]).ended;
  expect(ran).toEqual({ code: 0, stdout: "the answer\n", stderr: "" });
  const listed = await startTerminal(env, ["runs", "list", "--json"]).ended;
  const [, id = ""] = /"run_id": ?"([^"]+)"/.exec(listed.stdout) ?? [];
  expect(id).not.toBe("");
  for (const command of [
    ["runs", "show", id],
    ["runs", "show", id, "--json"],
    ["runs", "follow", id],
    ["runs", "follow", id, "--json"],
  ]) {
    const { code, stdout, stderr } = await startTerminal(env, command).ended;
    expect(code, command.join(" ") + stdout.slice(0, 500) + stderr.slice(0, 500)).toBe(0);
    expect(stderr).not.toMatch(/did not foresee|RangeError/);
  }
  const asks = script({ approve: "deploy", args: MARK, reason: MARK }, { approve: "again", args: { at: [MARK] } });
  expect(await startTerminal(env, ["run", "--approvals", "return", asks]).ended).toMatchObject({ code: 5 });
  const waiting = await startTerminal(env, ["approvals", "list"]).ended;
  expect(waiting).toMatchObject({ code: 0, stdout: expect.stringContaining("deploy"), stderr: "" });
});
