/** One set of words for models: definitions, arguments, Roder's manifest and the skill say the same. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import {
  AgentsArgumentsSchema,
  CancelArgumentsSchema,
  DispatchArgumentsSchema,
  StatusArgumentsSchema,
  WaitingDispatchArgumentsSchema,
  WaitingStatusArgumentsSchema,
} from "../../../src/model-tools/arguments.ts";
import { modelTools, type ToolSetting } from "../../../src/model-tools/definitions.ts";

const RODER: ToolSetting = { endsWhen: "Roder exits", waits: false };
const OTHER: ToolSetting = { endsWhen: "this server ends", waits: true };
const ID = "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";

test("Roder's manifest holds these tools", () => {
  const { provides } = JSON.parse(readFileSync("roder-extension.json", "utf8"));
  const listed = provides.find(({ type }: { type: string }) => type === "tool_provider").tools;
  expect(listed).toEqual(
    modelTools(RODER).map(({ name, description, inputSchema }) => ({ name, description, parameters: inputSchema })),
  );
});

test("the skill names every tool and every argument", () => {
  const skill = readFileSync("skills/seren-cloud/SKILL.md", "utf8");
  for (const { name, inputSchema } of modelTools(RODER)) {
    expect(skill).toContain(`\`${name}`);
    for (const argument of Object.keys(inputSchema.properties)) expect(skill, argument).toContain(argument);
  }
});

describe.each([
  ["with waiting", OTHER, WaitingDispatchArgumentsSchema, WaitingStatusArgumentsSchema],
  ["without", RODER, DispatchArgumentsSchema, StatusArgumentsSchema],
] as const)("%s", (_, setting, dispatch, status) => {
  const zods = {
    seren_agents: AgentsArgumentsSchema,
    seren_dispatch: dispatch,
    seren_run_status: status,
    seren_run_cancel: CancelArgumentsSchema,
  };
  test.each(modelTools(setting))("$name: the listed schema takes what its arguments take", ({ name, inputSchema }) => {
    const valid = new Ajv2020({ strict: true }).compile(inputSchema);
    expect(JSON.stringify(inputSchema)).not.toMatch(/\$ref|\$defs/);
    const samples: [object, boolean][] = [
      [{}, name === "seren_agents"],
      [{ prompt: "p" }, name === "seren_dispatch"],
      [{ prompt: "p", agent: "a", inputs: { a: [1] }, timeout_seconds: 86400 }, name === "seren_dispatch"],
      [{ prompt: "p", deployment_id: "d", timeout_seconds: 0 }, false],
      [{ prompt: "p", timeout_seconds: 86401 }, false],
      [{ prompt: "p", inputs: [] }, false],
      [{ prompt: "p", wait_seconds: 45 }, setting.waits && name === "seren_dispatch"],
      [{ prompt: "p", wait_seconds: 46 }, false],
      [{ prompt: "p", approve: true }, false],
      [{ run_id: ID }, name === "seren_run_status" || name === "seren_run_cancel"],
      [{ run_id: ID, cursor: 7 }, name === "seren_run_status"],
      [{ run_id: ID, cursor: 1.5 }, false],
      [{ run_id: ID, wait_seconds: 45 }, setting.waits && name === "seren_run_status"],
      [{ run_id: ID, wait_seconds: 46 }, false],
    ];
    for (const [sample, fits] of samples) {
      expect(valid(sample), `${name} ${JSON.stringify(sample)}`).toBe(fits);
      expect(zods[name].safeParse(sample).success, `${name} ${JSON.stringify(sample)}`).toBe(fits);
    }
    expect(Object.keys(inputSchema.properties).sort()).toEqual(
      Object.keys("shape" in zods[name] ? zods[name].shape : {}).sort(),
    );
  });
});

test("no tool and no argument can approve, and every text is short enough for clients that cut at 2,048 characters", () => {
  for (const { name, description, inputSchema } of modelTools(OTHER)) {
    expect([name, ...Object.keys(inputSchema.properties)].join(" ")).not.toMatch(/approv|decid|permi|allow/i);
    expect(description.length).toBeLessThan(2048);
    for (const property of Object.values(inputSchema.properties)) {
      expect(String((property as { description?: string }).description).length).toBeLessThan(2048);
    }
  }
});
