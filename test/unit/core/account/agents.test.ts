import { expect, test } from "vitest";
import { agentsOf } from "../../../../src/core/account/agents.ts";
import type { DeploymentRow } from "../../../../src/core/account/organization.ts";

const row = (id: string, name: string, more: Partial<DeploymentRow> = {}): DeploymentRow => ({
  id,
  name,
  status: "running",
  mode: "job",
  createdAt: 0,
  ...more,
});

test("a deployment is an agent under a plain name of its own", () => {
  const agents = agentsOf([row("1", "Port Überprüfer"), row("2", "seren-triage", { model: "a/b" }), row("3", "日本")]);
  expect(agents.map(({ name, deploymentId }) => [name, deploymentId])).toEqual([
    ["seren-port-berpr-fer", "1"],
    ["seren-triage", "2"],
    ["seren-agent", "3"],
  ]);
  expect(agents[1]?.description).toContain(
    'The deployment "seren-triage" of your organization on Seren Cloud (job, model a/b).',
  );
});

test("equal names stay apart, and stay the same at the next look", () => {
  const names = () => agentsOf([row("1", "triage"), row("2", "triage")]).map(({ name }) => name);
  expect(names()[0]).toBe("seren-triage");
  expect(names()[1]).toMatch(/^seren-triage-[0-9a-f]{6}$/);
  expect(names()).toEqual(names());
});

test("what cannot be dispatched to is left out", () => {
  expect(
    agentsOf([
      row("1", "broken", { status: "failed" }),
      row("2", "nightly", { mode: "cron" }),
      row("3", "seren-bridge-agent-12345678"),
    ]),
  ).toEqual([]);
});

test("no more than a model can look through", () => {
  expect(agentsOf(Array.from({ length: 500 }, (_, n) => row(String(n), `agent ${n}`)))).toHaveLength(40);
});
