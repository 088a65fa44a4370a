import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { generalAgentTarget, isGeneralAgent } from "../../../../src/core/index.ts";
import { deploymentBody } from "../../../../src/seren/mapping/requests.ts";

test("the general agent's name has the hash of what is deployed", async () => {
  const target = generalAgentTarget();
  if (target.kind !== "workload") throw new Error("the general agent is a workload");
  const { name, ...body } = deploymentBody(await target.create());
  const hash = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  expect([name, target.name]).toEqual([`seren-bridge-agent-${hash.slice(0, 8)}`, name]);
});

test("each model has a deployment of its own, with a name that a person and prune recognise", async () => {
  const target = generalAgentTarget({ model: "anthropic/claude-sonnet-4.6" });
  const { name, workload } = deploymentBody(await target.create());
  expect(name).toBe(target.name);
  expect(name).toMatch(/^seren-bridge-agent-anthropic-claude-sonnet-4-6-[0-9a-f]{8}$/);
  expect(workload).toMatchObject({ execution: { model_id: "anthropic/claude-sonnet-4.6" } });
  const names = [undefined, "m", "M", "a/b", "a-b", `x/${"y".repeat(190)}`, "@/+"].map(
    (model) => generalAgentTarget({ model }).name,
  );
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((one) => !isGeneralAgent(one) || one.length > 100)).toEqual([]);
});

test.each([
  "seren-bridge-agent-",
  "seren-bridge-agent-mine",
  "my-seren-bridge-agent-0123abcd",
  "seren-bridge-agent-A-0123abcd",
])("%s is not one of them", (name) => {
  expect(isGeneralAgent(name)).toBe(false);
});
