/** Processes of one machine that need the same deployment at once: the built program, a service that lags. */
import { expect, test } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

test("make one between them, although the list of deployments lags and the build takes its time", async () => {
  const server = await startCloud({
    deployMs: 300,
    faults: { rules: [{ kind: "lag", where: "deployments", ms: 1_500 }] },
  });
  const home = scratchFolder();
  const children = Array.from({ length: 8 }, () => startTerminal(server.env, ["run", "hello"], home));
  const codes = (await Promise.all(children.map(({ ended }) => ended))).map(({ code }) => code);
  expect(codes).toEqual(Array(8).fill(0));
  expect(server.cloud.stats()).toMatchObject({ deploymentsCreated: 1 });
});
