/** Fixtures of every wire: what must be read and written without loss, and what must be refused, and where. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { COURIER_METHODS } from "#protocols/dispatch-courier";
import { DEPLOYMENT_METHODS } from "#protocols/dispatch-deployment";

const FOLDER = fileURLToPath(new URL("../fixtures/", import.meta.url));
/** The door of each wire. Imported by a computed name, so that a fixture does not count as a use of the schema it names. */
const WIRES: Record<string, object> = {
  acp: await doorOf("acp"),
  dispatch: await doorOf("dispatch-courier"),
  "dispatch-deployment": await doorOf("dispatch-deployment"),
  "json-rpc": await doorOf("json-rpc"),
  mcp: await doorOf("mcp"),
  "openai-chat": await doorOf("openai-chat"),
  roder: await doorOf("roder-extension"),
  "seren-cloud": await doorOf("seren-cloud"),
};

function doorOf(folder: string): Promise<object> {
  return import(new URL(`../../protocols/${folder}/index.ts`, import.meta.url).href);
}

const AcceptedSchema = z.array(z.strictObject({ schema: z.string(), origin: z.string(), value: z.unknown() }));
const RejectedSchema = z.array(
  z.strictObject({ schema: z.string(), breaks: z.string(), at: z.string(), value: z.unknown() }),
);
/** `plugin` names another plugin of the same command; a file that is absent has no `line`. */
const LineSchema = z.looseObject({ dir: z.string(), line: z.string().nullable(), plugin: z.string().optional() });
const MessageSchema = z.looseObject({ method: z.string().optional(), params: z.looseObject({}).default({}) });

function schemaOf(wire: string, name: string): z.ZodType {
  const found: unknown = Object.entries(WIRES[wire] ?? {}).find(([key]) => key === name)?.[1];
  if (!(found instanceof z.ZodType)) throw new Error(`${wire} has no schema ${name}`);
  return found;
}

const read = (path: string): unknown => JSON.parse(readFileSync(FOLDER + path, "utf8"));

interface Accepted {
  wire: string;
  schema: string;
  origin: string;
  value: unknown;
}

const kept = (wire: string, file: string): Accepted[] =>
  AcceptedSchema.parse(read(`${wire}/${file}`)).map((entry) => ({ wire, ...entry }));

/** Parameters the real hosts sent, from their recordings. */
function recorded(wire: string, folder: string, schemaNames: (message: z.output<typeof MessageSchema>) => string) {
  const files = readdirSync(FOLDER + folder).filter((file) => file.endsWith(".jsonl"));
  return files.flatMap((file) => {
    const lines = readFileSync(`${FOLDER}${folder}/${file}`, "utf8").trim().split("\n");
    return lines.flatMap((text, index): Accepted[] => {
      const { dir, line, plugin } = LineSchema.parse(JSON.parse(text));
      if (dir !== "host" || line === null || plugin !== undefined) return [];
      const message = MessageSchema.parse(JSON.parse(line));
      return [{ wire, schema: schemaNames(message), origin: `${file}, line ${index + 1}`, value: message.params }];
    });
  });
}

const DISPATCH_PARAMS = Object.fromEntries(
  [...Object.values(COURIER_METHODS), ...Object.values(DEPLOYMENT_METHODS)].map((method) => [
    method,
    `${method.replace(/^\w+\./, "_").replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase())}ParamsSchema`,
  ]),
);
const RODER_PARAMS: Record<string, string> = {
  "extension/initialize": "InitializeParamsSchema",
  "extension/shutdown": "ShutdownParamsSchema",
  "subagents/definitions": "DefinitionsParamsSchema",
  "subagents/dispatch": "DispatchParamsSchema",
  "subagents/cancel": "SubagentCancelParamsSchema",
  "tasks/spec": "SpecParamsSchema",
  "tasks/execute": "TaskExecuteParamsSchema",
  "tasks/cancel": "TaskCancelParamsSchema",
  "tools/call": "ToolCallParamsSchema",
};

const ACCEPTED: Record<string, Accepted[]> = {
  acp: kept("acp", "accepted.json"),
  dispatch: recorded("dispatch", "dispatch/recordings", ({ method = "" }) => DISPATCH_PARAMS[method] ?? method),
  "dispatch-deployment": recorded(
    "dispatch-deployment",
    "dispatch-deployment/recordings",
    ({ method = "" }) => DISPATCH_PARAMS[method] ?? method,
  ),
  "json-rpc": kept("json-rpc", "accepted.json"),
  mcp: kept("mcp", "accepted.json"),
  "openai-chat": kept("openai-chat", "accepted.json"),
  roder: recorded("roder", "roder", ({ method = "" }) => RODER_PARAMS[method] ?? method),
  "seren-cloud": kept("seren-cloud", "answers.json"),
};

/** The same value from a newer peer: every object in it has an unknown member (a string, because some objects are maps of strings). */
function newer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(newer);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, newer(member)]);
  return { ...Object.fromEntries(members), member_of_tomorrow: "x" };
}

describe.each(Object.entries(ACCEPTED))("%s", (wire, accepted) => {
  test("everything its peers send is read, and comes out unchanged", () => {
    expect(accepted.length).toBeGreaterThan(5);
    for (const { schema, origin, value } of accepted) {
      const parsed = schemaOf(wire, schema).safeParse(value);
      expect(parsed.error?.issues ?? [], `${schema}: ${origin}`).toEqual([]);
      expect(JSON.parse(JSON.stringify(parsed.data)), `${schema}: ${origin}`).toStrictEqual(value);
    }
  });

  test("members that a newer peer adds are kept", () => {
    // A failure is what we send ourselves, so it is strict.
    for (const { schema, origin, value } of accepted.filter((one) => one.schema !== "RpcFailureSchema")) {
      const grown = newer(value);
      const parsed = schemaOf(wire, schema).safeParse(grown);
      expect(parsed.error?.issues ?? [], `${schema}: ${origin}`).toEqual([]);
      expect(JSON.parse(JSON.stringify(parsed.data)), `${schema}: ${origin}`).toStrictEqual(grown);
    }
  });

  const rejected = RejectedSchema.parse(read(`${wire}/rejected.json`));
  test.each(rejected.map((one) => [`${one.schema}: ${one.breaks}`, one] as const))("%s", (_, one) => {
    const { error } = schemaOf(wire, one.schema).safeParse(one.value);
    const places = (error?.issues ?? []).flatMap((issue) => {
      const path = issue.path.join(".");
      return issue.code === "unrecognized_keys" ? issue.keys.map((key) => (path ? `${path}.${key}` : key)) : [path];
    });
    expect(places).toContain(one.at);
  });
});

test("every wire has fixtures", () => {
  const folders = readdirSync(fileURLToPath(new URL("../../protocols/", import.meta.url)), { withFileTypes: true });
  expect(folders.filter((entry) => entry.isDirectory()).length).toBe(Object.keys(ACCEPTED).length);
});
