/** The courier protocol against lines recorded from Dispatch 0.4 (`test/fixtures/dispatch/README.md`). */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import {
  CapabilitiesParamsSchema,
  CatalogSchema,
  COURIER_EVENT_METHOD,
  COURIER_METHODS,
  COURIER_PROTOCOL_VERSION,
  CourierErrorDataSchema,
  CourierEventSchema,
  CourierPluginManifestSchema,
  CourierResultSchema,
  CourierSessionSchema,
  IncomingSessionSchema,
  InspectParamsSchema,
  LocalToolSpecSchema,
  OpenSessionParamsSchema,
  OperationSchema,
  ParcelLockSchema,
  ParcelManifestSchema,
  ParcelToolSchema,
  ResumeSessionParamsSchema,
  RunParamsSchema,
  ShutdownParamsSchema,
  ValidateParcelParamsSchema,
} from "#protocols/dispatch-courier";

const FIXTURES = fileURLToPath(new URL("../fixtures/dispatch/", import.meta.url));
const PARAMS: Record<string, z.ZodType> = {
  [COURIER_METHODS.capabilities]: CapabilitiesParamsSchema,
  [COURIER_METHODS.validateParcel]: ValidateParcelParamsSchema,
  [COURIER_METHODS.inspect]: InspectParamsSchema,
  [COURIER_METHODS.openSession]: OpenSessionParamsSchema,
  [COURIER_METHODS.resumeSession]: ResumeSessionParamsSchema,
  [COURIER_METHODS.run]: RunParamsSchema,
  [COURIER_METHODS.shutdown]: ShutdownParamsSchema,
};
const RecordedSchema = z.strictObject({
  process: z.int(),
  t_ms: z.int(),
  dir: z.enum(["host", "plugin", "host-eof", "signal", "exit"]),
  line: z.string(),
});
const RequestSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: z.literal(1),
  method: z.string(),
  params: z.looseObject({ kind: z.string(), protocol_version: z.literal(COURIER_PROTOCOL_VERSION) }),
});
const RECORDINGS = readdirSync(`${FIXTURES}recordings`);
const recorded = (file: string, dir: string) =>
  readFileSync(`${FIXTURES}recordings/${file}`, "utf8")
    .trim()
    .split("\n")
    .map((line) => RecordedSchema.parse(JSON.parse(line)))
    .filter((entry) => entry.dir === dir)
    .map((entry): unknown => JSON.parse(entry.line));
const requests = (file: string) => recorded(file, "host").map((message) => RequestSchema.parse(message));

describe("what the host sends", () => {
  test.each(RECORDINGS)("%s: every line has the expected form and no unknown member", (file) => {
    for (const { method, params } of requests(file)) {
      expect(method).toBe(`courier.${params.kind}`);
      const schema = PARAMS[method];
      if (!schema) throw new Error(`no schema for ${method}`);
      expect(schema.parse(params)).toStrictEqual(params);
    }
  });

  test("the recordings show every method and every operation", () => {
    const all = RECORDINGS.flatMap(requests);
    expect(new Set(all.map(({ method }) => method))).toEqual(new Set(Object.values(COURIER_METHODS)));
    const runs = all
      .filter(({ method }) => method === COURIER_METHODS.run)
      .map(({ params }) => RunParamsSchema.parse(params));
    expect(new Set(runs.map(({ operation }) => operation.kind))).toEqual(
      new Set(["resolve_prompt", "list_local_tools", "invoke_tool", "chat", "job", "heartbeat"]),
    );
    expect(runs.some(({ operation }) => operation.kind === "heartbeat" && operation.payload === null)).toBe(true);
  });

  test("a newer host may add members anywhere", () => {
    const session = {
      id: "s",
      parcel_digest: "d",
      turn_count: 0,
      history: [{ role: "user", content: "x", at: 1 }],
      more: 1,
    };
    const params = {
      kind: "run",
      protocol_version: COURIER_PROTOCOL_VERSION,
      parcel_dir: "/p",
      session,
      operation: { kind: "chat", input: "x", more: 1 },
      more: 1,
    };
    expect(RunParamsSchema.parse(params)).toMatchObject(params);
  });

  test("members that a session file may omit get their defaults", () => {
    expect(IncomingSessionSchema.parse({ id: "s", parcel_digest: "d", turn_count: 0, history: [] })).toEqual({
      id: "s",
      parcel_digest: "d",
      turn_count: 0,
      history: [],
      elapsed_ms: 0,
      resolved_mounts: [],
    });
  });

  test.each<[string, z.ZodType, unknown]>([
    [
      "another protocol version",
      CapabilitiesParamsSchema,
      { kind: "capabilities", protocol_version: COURIER_PROTOCOL_VERSION + 1 },
    ],
    ["no protocol version", CapabilitiesParamsSchema, { kind: "capabilities" }],
    [
      "a kind that is not the method's",
      ShutdownParamsSchema,
      { kind: "capabilities", protocol_version: COURIER_PROTOCOL_VERSION },
    ],
    ["no parcel", InspectParamsSchema, { kind: "inspect", protocol_version: COURIER_PROTOCOL_VERSION }],
    [
      "an empty parcel path",
      InspectParamsSchema,
      { kind: "inspect", protocol_version: COURIER_PROTOCOL_VERSION, parcel_dir: "" },
    ],
    ["an unknown operation", OperationSchema, { kind: "dance" }],
    ["a chat without input", OperationSchema, { kind: "chat" }],
    ["a job with an object", OperationSchema, { kind: "job", payload: {} }],
    [
      "a session with an object as state",
      IncomingSessionSchema,
      { id: "s", parcel_digest: "d", turn_count: 0, history: [], backend_state: {} },
    ],
    [
      "a session with half a turn",
      IncomingSessionSchema,
      { id: "s", parcel_digest: "d", turn_count: 0.5, history: [] },
    ],
    [
      "a session that counts backwards",
      IncomingSessionSchema,
      { id: "s", parcel_digest: "d", turn_count: -1, history: [] },
    ],
    ["a session without history", IncomingSessionSchema, { id: "s", parcel_digest: "d", turn_count: 0 }],
  ])("%s is refused", (_, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  test("another version is refused with a message", () => {
    const { error } = CapabilitiesParamsSchema.safeParse({
      kind: "capabilities",
      protocol_version: COURIER_PROTOCOL_VERSION + 1,
    });
    expect(error?.issues).toMatchObject([
      { path: ["protocol_version"], message: `this courier speaks protocol version ${COURIER_PROTOCOL_VERSION} only` },
    ]);
  });
});

describe("what we send", () => {
  const session = {
    id: "s",
    parcel_digest: "d",
    entrypoint: null,
    label: null,
    turn_count: 1,
    elapsed_ms: 0,
    history: [],
    resolved_mounts: [],
    backend_state: null,
  };

  test("events that the recorded host accepted are valid for our schema", () => {
    const events = RECORDINGS.flatMap((file) => recorded(file, "plugin")).filter(
      (message) => z.looseObject({ method: z.literal(COURIER_EVENT_METHOD) }).safeParse(message).success,
    );
    expect(events.length).toBeGreaterThan(50);
    for (const event of events) {
      const { params } = z.looseObject({ params: z.unknown() }).parse(event);
      expect(CourierEventSchema.parse(params)).toStrictEqual(params);
    }
  });

  test.each<[string, z.ZodType, object]>([
    ["session", CourierSessionSchema, session],
    ["done", CourierResultSchema, { kind: "done", session }],
    ["ok", CourierResultSchema, { kind: "ok" }],
    [
      "capabilities",
      CourierResultSchema,
      {
        kind: "capabilities",
        capabilities: {
          courier_id: "seren-cloud",
          kind: "custom",
          supports_chat: true,
          supports_job: true,
          supports_heartbeat: true,
          supports_local_tools: false,
          supports_mounts: ["session", "memory", "artifacts"],
        },
      },
    ],
    [
      "inspection",
      CourierResultSchema,
      {
        kind: "inspection",
        inspection: {
          courier_id: "seren-cloud",
          kind: "custom",
          entrypoint: null,
          required_secrets: [],
          mounts: [],
          local_tools: [],
          extensions: { notes: ["x"] },
        },
      },
    ],
    ["error data", CourierErrorDataSchema, { dispatch_error: { code: "invalid_params", message: "m" } }],
    [
      "a reply with an attachment",
      CourierEventSchema,
      {
        kind: "channel_reply",
        message: {
          content: "x",
          attachments: [{ name: "a", mime_type: "text/plain", data_base64: "eA==" }],
          metadata: { a: "b" },
        },
      },
    ],
  ])("%s", (_, schema, value) => {
    expect(schema.parse(value)).toStrictEqual(value);
  });

  test.each<[string, z.ZodType, object]>([
    ["an unknown event, which would kill the turn", CourierEventSchema, { kind: "usage" }],
    ["an event with a member too many", CourierEventSchema, { kind: "done", x: 1 }],
    ["a message without a role", CourierEventSchema, { kind: "message", content: "x" }],
    [
      "an exit code above 32 bits, which the host rejects",
      CourierEventSchema,
      {
        kind: "tool_call_finished",
        result: { tool: "t", command: "c", args: [], exit_code: 3221225786, stdout: "", stderr: "" },
      },
    ],
    [
      "null where the host wants a list",
      CourierEventSchema,
      { kind: "channel_reply", message: { content: "x", attachments: null } },
    ],
    ["a session without elapsed time", CourierSessionSchema, { ...session, elapsed_ms: null }],
    ["a session with null mounts", CourierSessionSchema, { ...session, resolved_mounts: null }],
    ["a fraction", CourierSessionSchema, { ...session, turn_count: 1.5 }],
    ["state that is not text", CourierSessionSchema, { ...session, backend_state: {} }],
    ["an unknown result", CourierResultSchema, { kind: "error", error: {} }],
    ["an error without a code", CourierErrorDataSchema, { dispatch_error: { message: "m" } }],
    [
      "an error with details, which the host drops",
      CourierErrorDataSchema,
      { dispatch_error: { code: "c", message: "m", details: 1 } },
    ],
    [
      "a tool without its nulls",
      LocalToolSpecSchema,
      { transport: "local", alias: "a", packaged_path: "p", command: "c", args: [] },
    ],
  ])("%s is not", (_, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

describe("parcels", () => {
  test.each(readdirSync(`${FIXTURES}parcels`))("%s: manifest and lock are read completely", (name) => {
    const read = (file: string): unknown => JSON.parse(readFileSync(`${FIXTURES}parcels/${name}/${file}`, "utf8"));
    expect(ParcelManifestSchema.parse(read("manifest.json"))).toStrictEqual(read("manifest.json"));
    expect(ParcelLockSchema.parse(read("parcel.lock"))).toStrictEqual(read("parcel.lock"));
  });

  test.each<[string, object]>([
    ["an unknown kind of tool", { kind: "shell", command: "x" }],
    ["a tool with an unknown member", { kind: "mcp", server: "s", x: 1 }],
    ["a tool with an unknown policy", { kind: "mcp", server: "s", approval: "maybe" }],
    ["an agent with an unknown scheme", { kind: "a2a", alias: "a", url: "u", auth: { scheme: "digest" } }],
  ])("%s is refused", (_, tool) => {
    expect(ParcelToolSchema.safeParse(tool).success).toBe(false);
  });
});

describe("what is installed and published", () => {
  const plugin = {
    kind: "courier",
    name: "seren-cloud",
    version: "1.0.0",
    protocol_version: COURIER_PROTOCOL_VERSION,
    transport: "jsonl",
    exec: { command: "./dist/seren-bridge.mjs", args: ["courier"] },
  };
  const entry = {
    id: "seren-bridge.courier-seren-cloud",
    name: "courier-seren-cloud",
    kind: "courier",
    version: "1.0.0",
  };
  const catalog = (...entries: object[]) => ({ catalog_id: "seren-bridge", entries });
  const fits = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

  test("a plugin manifest", () => {
    expect(CourierPluginManifestSchema.parse(plugin)).toStrictEqual(plugin);
    for (const command of ["/opt/x", "bin/x", "C:\\x\\y.exe", "..\\x"]) {
      expect(fits(CourierPluginManifestSchema, { ...plugin, exec: { command } }), command).toBe(true);
    }
    for (const command of ["node", "", "x/", "/"]) {
      expect(fits(CourierPluginManifestSchema, { ...plugin, exec: { command } }), command).toBe(false);
    }
    for (const change of [
      { name: "docker" },
      { name: " " },
      { version: "" },
      { protocol_version: COURIER_PROTOCOL_VERSION + 1 },
      { transport: "stdio" },
      { kind: "channel" },
    ]) {
      expect(fits(CourierPluginManifestSchema, { ...plugin, ...change }), JSON.stringify(change)).toBe(false);
    }
  });

  test("a catalog", () => {
    expect(fits(CatalogSchema, catalog(entry))).toBe(true);
    expect(fits(CatalogSchema, { entries: [entry] })).toBe(false);
    expect(fits(CatalogSchema, catalog({ ...entry, id: undefined }))).toBe(false);
    expect(fits(CatalogSchema, catalog({ ...entry, id: "other.x" }))).toBe(false);
    expect(fits(CatalogSchema, catalog(entry, entry))).toBe(false);
    for (const id of [
      "seren-bridge.",
      "seren-bridge..x",
      "seren-bridge.X",
      " seren-bridge.x",
      `seren-bridge.${"x".repeat(80)}`,
    ]) {
      expect(fits(CatalogSchema, catalog({ ...entry, id })), id).toBe(false);
    }
  });
});
