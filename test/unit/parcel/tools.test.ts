import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LocalToolSpecSchema } from "#protocols/dispatch-courier";
import { findLocalTool, listLocalTools, loadParcel } from "../../../src/parcel/index.ts";
import { altered, FIXTURES, PARCELS, parcelDir } from "./parcels.ts";

const list = async (name: string) => listLocalTools(await loadParcel(parcelDir(name)));

test("local and A2A tools are listed in the order of the manifest, absent options as null", async () => {
  const sha = "40d970bd1f9027c801355194e82628006951993c4ee8df6677fab10f2b3a65e8";
  const plain = {
    approval: null,
    risk: null,
    description: null,
    input_schema_packaged_path: null,
    input_schema_sha256: null,
    skill_source: null,
  };
  expect(await list("tools")).toStrictEqual([
    {
      ...plain,
      transport: "local",
      alias: "count",
      approval: "confirm",
      risk: "medium",
      description: "Count words. Input: JSON.",
      input_schema_packaged_path: "schemas/count.json",
      input_schema_sha256: sha,
      packaged_path: "tools/count.py",
      command: "python3",
      args: ["-u"],
    },
    { ...plain, transport: "local", alias: "greet", packaged_path: "tools/greet.sh", command: "sh", args: [] },
    {
      ...plain,
      transport: "a2a",
      alias: "planner",
      description: "Delegate planning.",
      endpoint_url: "https://planner.example.com",
      endpoint_mode: null,
      auth: null,
      expected_agent_name: null,
      expected_card_sha256: null,
    },
    {
      ...plain,
      transport: "a2a",
      alias: "broker",
      approval: "confirm",
      risk: "high",
      input_schema_packaged_path: "schemas/count.json",
      input_schema_sha256: sha,
      endpoint_url: "https://broker.example.com",
      endpoint_mode: "card",
      auth: { scheme: "bearer", secret_name: "BROKER_TOKEN" },
      expected_agent_name: "broker-agent",
      expected_card_sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    },
    {
      ...plain,
      transport: "a2a",
      alias: "ledger",
      endpoint_url: "https://ledger.example.com",
      endpoint_mode: "direct",
      auth: { scheme: "basic", username_secret_name: "PLANNER_USER", password_secret_name: "PLANNER_PASS" },
      expected_agent_name: null,
      expected_card_sha256: null,
    },
  ]);
});

test("local tools are listed as in the recorded listing", async () => {
  const lines = (await readFile(join(FIXTURES, "recordings/list-tools.jsonl"), "utf8")).trim().split("\n");
  const listing = lines
    .map((line) => JSON.parse(JSON.parse(line).line || "null"))
    .find((message) => message?.params?.kind === "local_tools_listed");
  expect((await list("tools")).filter(({ transport }) => transport === "local")).toEqual(listing.params.tools);
});

test("a skill's tool names its skill", async () => {
  expect(await list("skills")).toMatchObject([{ alias: "read_file", risk: "low", skill_source: "reader" }]);
});

test.each(PARCELS)("the listing of %s has the form of the wire", async (name) => {
  for (const tool of await list(name)) expect(LocalToolSpecSchema.parse(tool)).toStrictEqual(tool);
});

test("header authentication is listed", async () => {
  const auth = { scheme: "header" as const, header_name: "X-Key", secret_name: "S" };
  const parcel = await altered("minimal", { tools: [{ kind: "a2a", alias: "a", url: "u", auth }] });
  expect(listLocalTools(parcel)[0]).toMatchObject({ auth });
});

describe("a tool is found", () => {
  test.each([
    ["greet", "greet"],
    ["tools/greet.sh", "greet"],
    ["planner", "planner"],
    ["https://planner.example.com", undefined],
    ["web_search", undefined],
    ["", undefined],
  ])("%j", async (name, alias) => {
    expect(findLocalTool(await list("tools"), name)?.alias).toBe(alias);
  });
});
