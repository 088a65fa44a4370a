/** A turn that is refused because an earlier run of its conversation waits for a person: the error names the command. */
import { expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

test.each(["run", "refusal"] as const)("the error says where to decide (%s)", async (form) => {
  const server = await startCloud({ faults: { rules: [{ kind: "busy", where: "create_run", form }] } });
  const turn = (prompt: string) =>
    startTerminal(server.env, ["run", "--session", "c1", "--approvals", "return", prompt]).ended;
  await turn(script({ approve: "pay" }));
  const { code, stderr } = await turn("go on");
  expect(code).not.toBe(0);
  expect(stderr).toContain(`decide it with \`seren-bridge approvals approve ${(await server.run(0)).runId}\``);
  expect(server.cloud.stats().runsStarted).toBe(1);
});
