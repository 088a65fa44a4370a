/** The run log of the built program at `SEREN_BRIDGE_LOG=info`. */
import { expect, test } from "vitest";
import { startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, sessionOf } from "../support/child-process/courier-host.ts";

test("a turn logs its run from open to end, and never what was said", async () => {
  const { env } = await startCloud();
  const host = new CourierHost({ env: { ...env, SEREN_BRIDGE_LOG: "info" } });
  const opened = await host.open(parcel("chat"));
  const turn = await host.run(parcel("chat"), opened, { kind: "chat", input: "the confidential question" });
  expect(sessionOf(turn).turn_count).toBe(1);
  await host.child.end();
  const lines = host.child.stderr
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const runs = lines.filter(({ message }) => message.startsWith("run "));
  expect(runs.map(({ message }) => message)).toEqual(["run opened", "run started", "run ended"]);
  const [, started, ended] = runs;
  expect(started).toMatchObject({ level: "info", host: "dispatch", run_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(ended).toMatchObject({
    run_id: started.run_id,
    deployment_id: started.deployment_id,
    outcome: "completed",
    duration_ms: expect.any(Number),
  });
  expect(lines.at(-1)).toMatchObject({ message: "host session ended", runs: 1, active: 0, completed: 1 });
  expect(host.child.stderr).not.toContain("confidential");
});
