import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { ToolResultSchema } from "#protocols/roder-extension";
import { Host, manifestOnDisk } from "./harness.ts";

const OTHER = "11111111-2222-4333-8444-555555555555";

const CASES: [string, unknown, boolean][] = [
  ["seren_agents", {}, true],
  ["seren_agents", null, false],
  ["seren_agents", [], false],
  ["seren_agents", "x", false],
  ["seren_agents", { all: true }, false],
  ["seren_dispatch", { prompt: 7 }, false],
  ["seren_dispatch", {}, false],
  ["seren_dispatch", { prompt: "" }, false],
  ["seren_dispatch", { prompt: "p", inputs: [] }, false],
  ["seren_dispatch", { prompt: "p", inputs: null }, false],
  ["seren_dispatch", { prompt: "p", timeout_seconds: 0 }, false],
  ["seren_dispatch", { prompt: "p", timeout_seconds: 1e19 }, false],
  ["seren_dispatch", { prompt: "p", approve: true }, false],
  ["seren_dispatch", { prompt: "p", agent: "" }, false],
  ["seren_run_status", {}, false],
  ["seren_run_status", { run_id: 7 }, false],
  ["seren_run_status", { run_id: OTHER, cursor: -1 }, false],
  ["seren_run_status", { run_id: OTHER, cursor: 1.5 }, false],
  ["seren_run_cancel", { run_id: OTHER, force: true }, false],
];

describe("C19: arguments are validated here as by the manifest's schema", () => {
  const provider = manifestOnDisk().services.find((service) => service.type === "tool_provider");
  const tools = provider?.type === "tool_provider" ? provider.tools : [];
  const ajv = new Ajv();
  const validators = new Map(tools.map(({ name, parameters }) => [name, ajv.compile(parameters)]));

  test.each(CASES)("%s %j fits: %s", async (name, args, fits) => {
    expect(validators.get(name)?.(args)).toBe(fits);
    const host = new Host();
    const answer = await host.tool(name, args);
    expect(ToolResultSchema.safeParse(answer).error?.issues ?? []).toEqual([]);
    expect(answer.isError).toBe(!fits);
    if (!fits) expect(answer.content).toMatch(/^the arguments do not fit: /);
    expect(host.remotes).toHaveLength(0);
  });

  test.each([
    ["seren_dispatch", { prompt: " \n " }, "the arguments do not fit: prompt: must not be empty"],
    [
      "seren_dispatch",
      { prompt: "p", agent: "a", deployment_id: "d" },
      "the arguments do not fit: agent and deployment_id exclude each other",
    ],
    ["seren_dispatch", { prompt: "p", agent: "nobody" }, 'unknown agent "nobody"; known are seren-agent'],
    [
      "seren_run_status",
      { run_id: "../../x" },
      "the arguments do not fit: run_id: is not the id of a run, which is five groups of hexadecimal digits",
    ],
    [
      "seren_approve",
      {},
      'there is no tool "seren_approve"; there are seren_agents, seren_dispatch, seren_run_status, seren_run_cancel',
    ],
    [
      "constructor",
      {},
      'there is no tool "constructor"; there are seren_agents, seren_dispatch, seren_run_status, seren_run_cancel',
    ],
  ])("%s %j is refused in words", async (name, args, content) => {
    expect(await new Host().tool(name, args)).toEqual({ content, isError: true, data: null });
  });

  test("the tools are those of the manifest", async () => {
    const names = tools.map(({ name }) => name);
    const { content } = await new Host().tool("?", {});
    expect(content).toBe(`there is no tool "?"; there are ${names.join(", ")}`);
  });
});
