/** `schema`: what it prints describes what the program really writes and takes. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

async function validatorOf(what: string) {
  const { code, stdout } = await startTerminal({}, ["schema", what]).ended;
  expect(code).toBe(0);
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  return ajv.compile(JSON.parse(stdout));
}

test("run: every line of run --json, of a run that ends in each way", async () => {
  const fits = await validatorOf("run");
  const { env } = await startCloud();
  const steps = [{ think: "hm" }, { tool: "search", args: { q: "ä" }, result: "r" }, { text: "a\n" }];
  const artifact = { artifact: { id: "r", kind: "report", title: "Report" } };
  for (const prompt of [script(...steps, artifact), script({ fail: "no" }), script({ approve: "pay" })]) {
    const { stdout } = await startTerminal(env, ["run", "--json", "--approvals", "return", prompt]).ended;
    const lines = stdout.trim().split("\n");
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(fits(JSON.parse(line)), line).toBe(true);
  }
  expect(fits({ type: "outcome" })).toBe(false);
});

test("task-input: what a task takes", async () => {
  const fits = await validatorOf("task-input");
  expect(fits({ prompt: "p", conversation: "c", wait: false })).toBe(true);
  expect(fits({ promt: "typo" })).toBe(false);
});
