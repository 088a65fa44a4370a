import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { generalAgentTarget } from "../../../../src/core/index.ts";
import { deploymentBody } from "../../../../src/seren/mapping/requests.ts";

test("the general agent's name has the hash of what is deployed", async () => {
  const target = generalAgentTarget();
  if (target.kind !== "workload") throw new Error("the general agent is a workload");
  const { name, ...body } = deploymentBody(await target.create());
  const hash = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  expect([name, target.name]).toEqual([`seren-bridge-agent-${hash.slice(0, 8)}`, name]);
});
