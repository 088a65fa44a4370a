/** Invalid input and unusual situations: each fails its own request and nothing else. */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CourierSession } from "#protocols/dispatch-courier";
import { API_KEY, CLEAN_EXIT, scratchFolder } from "../support/child-process/child.ts";
import { startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel, replyOf, request, sessionOf } from "../support/child-process/courier-host.ts";
import type { Json } from "../support/child-process/line-check.ts";

const CHAT = parcel("chat");
const DIGEST = "7f034b2e5f65bc578f9bc609bada04a5a4de775e05550680ad098f08504affe9";
const SESSION: CourierSession = {
  id: "seren-cloud-1",
  parcel_digest: DIGEST,
  entrypoint: "chat",
  label: null,
  turn_count: 0,
  elapsed_ms: 0,
  history: [],
  resolved_mounts: [],
  backend_state: null,
};
const GOOD = JSON.stringify(request("capabilities"));
const line = (members: Json) => JSON.stringify({ jsonrpc: "2.0", id: 1, ...members });
const deep = `{"jsonrpc":"2.0","id":1,"method":"courier.capabilities","params":${'{"a":'.repeat(300)}1${"}".repeat(300)}}`;

type Row = [name: string, line: string, code: string, id: unknown, message: RegExp];
const LINES: Row[] = [
  ["text", "not json", "parse_error", null, /^the line is not valid JSON$/],
  ["half an object", '{"jsonrpc":"2.0","id":1,', "parse_error", null, /not valid JSON/],
  ["two objects", GOOD + GOOD, "parse_error", null, /not valid JSON/],
  ["an empty batch", "[]", "invalid_request", null, /^batches are not supported; send one message per line$/],
  ["a batch", `[${GOOD}]`, "invalid_request", null, /^batches are not supported/],
  ["a number", "5", "invalid_request", null, /^the message is not an object$/],
  ["a string", '"courier.capabilities"', "invalid_request", null, /^the message is not an object$/],
  ["null", "null", "invalid_request", null, /^the message is not an object$/],
  ["an empty object", "{}", "invalid_request", null, /^jsonrpc: /],
  ["no jsonrpc", '{"id":1,"method":"courier.capabilities"}', "invalid_request", 1, /^jsonrpc: /],
  ["another jsonrpc", line({ jsonrpc: "1.0", method: "x" }), "invalid_request", 1, /^jsonrpc: /],
  ["no method", line({}), "invalid_request", 1, /^method: /],
  ["a method that is no text", line({ method: 7 }), "invalid_request", 1, /^method: /],
  ["an id with a fraction", line({ id: 1.5, method: "x" }), "invalid_request", null, /^id: /],
  ["an id that is null", line({ id: null, method: "x" }), "invalid_request", null, /^id: /],
  ["an id that is an object", line({ id: {}, method: "x" }), "invalid_request", null, /^id: /],
  ["params that are text", line({ method: "courier.capabilities", params: "x" }), "invalid_request", 1, /^params: /],
  ["levels without end", deep, "invalid_request", 1, /^the message is nested deeper than 256 levels$/],
  ["an unknown method", line({ method: "courier.dance" }), "method_not_found", 1, /has no method courier\.dance$/],
  [
    "the other host's method",
    line({ method: "subagents/dispatch" }),
    "method_not_found",
    1,
    /no method subagents\/dispatch$/,
  ],
  ["a member of Object", line({ method: "constructor" }), "method_not_found", 1, /has no method constructor$/],
  ["an id that is text", line({ id: "one", method: "courier.dance" }), "method_not_found", "one", /no method/],
];

const ask = (kind: string, params: Json) => JSON.stringify(request(kind, params));
const withSession = (change: Json) => ask("resume_session", { parcel_dir: CHAT, session: { ...SESSION, ...change } });
const run = (operation: unknown) => ask("run", { parcel_dir: CHAT, session: SESSION, operation });
const PARAMS: Row[] = [
  ["no params", line({ method: "courier.capabilities" }), "bad_request", 1, /^kind: .*; protocol_version: /],
  [
    "params in a list",
    line({ method: "courier.capabilities", params: [] }),
    "bad_request",
    1,
    /expected object, received array/,
  ],
  [
    "another version",
    ask("capabilities", {}).replace('"protocol_version":1', '"protocol_version":2'),
    "bad_request",
    1,
    /^protocol_version: this courier speaks protocol version 1 only$/,
  ],
  ["another kind", ask("capabilities", { kind: "inspect" }), "bad_request", 1, /^kind: .*"capabilities"/],
  ["no parcel", ask("validate_parcel", {}), "bad_request", 1, /^parcel_dir: .*undefined$/],
  ["a parcel that is a number", ask("inspect", { parcel_dir: 7 }), "bad_request", 1, /^parcel_dir: .*number$/],
  ["an empty parcel path", ask("open_session", { parcel_dir: "" }), "bad_request", 1, /^parcel_dir: /],
  ["a NUL in the path", ask("open_session", { parcel_dir: "/a\0b" }), "bad_request", 1, /NUL character$/],
  ["no session", ask("resume_session", { parcel_dir: CHAT }), "bad_request", 1, /^session: .*undefined$/],
  ["a session that is text", ask("resume_session", { parcel_dir: CHAT, session: "s" }), "bad_request", 1, /^session: /],
  ["a count below zero", withSession({ turn_count: -1 }), "bad_request", 1, /^session\.turn_count: /],
  ["a count with a fraction", withSession({ turn_count: 0.5 }), "bad_request", 1, /^session\.turn_count: /],
  ["a time that is null", withSession({ elapsed_ms: null }), "bad_request", 1, /^session\.elapsed_ms: .*null$/],
  ["no history", withSession({ history: null }), "bad_request", 1, /^session\.history: .*null$/],
  ["a state that is an object", withSession({ backend_state: {} }), "bad_request", 1, /^session\.backend_state: /],
  [
    "a session of another parcel",
    withSession({ parcel_digest: "0".repeat(64) }),
    "bad_request",
    1,
    /^the session belongs to another build of the parcel/,
  ],
  ["no operation", run(undefined), "bad_request", 1, /^operation: .*undefined$/],
  ["an unknown operation", run({ kind: "dance" }), "bad_request", 1, /^operation\.kind: /],
  ["a chat without input", run({ kind: "chat" }), "bad_request", 1, /^operation\.input: /],
  ["a job whose payload is null", run({ kind: "job", payload: null }), "bad_request", 1, /^operation\.payload: /],
  [
    "a tool without a name",
    run({ kind: "invoke_tool", invocation: {} }),
    "bad_request",
    1,
    /^operation\.invocation\.name: /,
  ],
  [
    "a job for a chat parcel",
    run({ kind: "job", payload: "x" }),
    "bad_request",
    1,
    /^this parcel's entrypoint is "chat", so it does not take a job/,
  ],
];

const NUMBERS: Readonly<Record<string, number>> = {
  parse_error: -32700,
  invalid_request: -32600,
  method_not_found: -32601,
  bad_request: -32602,
};

// One process for all rows: whatever one of them breaks, the next one finds.
test.each([
  ["lines", LINES],
  ["params", PARAMS],
])("invalid %s: each gets its own error, and a valid request after it its reply", async (_, rows) => {
  const host = new CourierHost({ env: {} });
  for (const [name, text, code, id, message] of rows) {
    host.child.send(text);
    const refusal = await host.next();
    expect(refusal, name).toMatchObject({ kind: "error", id });
    expect(replyOf(refusal).error, name).toMatchObject({ code, number: NUMBERS[code] });
    expect(replyOf(refusal).error?.message, name).toMatch(message);
    expect((await host.ask("capabilities")).result?.kind, name).toBe("capabilities");
  }
  host.child.send(...LINES.map(([, text]) => text), GOOD);
  for (const [name, , code] of LINES) expect(replyOf(await host.next()).error?.code, name).toBe(code);
  expect((await host.heard()).result?.kind, "behind all of them in one chunk").toBe("capabilities");
  expect(await host.end()).toEqual(CLEAN_EXIT);
  expect(host.child.stderr).toBe("");
});

test("invalid UTF-8, blank lines, responses and notifications: no reply, or one without an id", async () => {
  const host = new CourierHost({ env: {} });
  const silent = [
    "",
    "   ",
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","method":"courier.hello"}',
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
  ];
  host.child.send(...silent);
  host.child.process.stdin?.write(Buffer.from([0x7b, 0xff, 0xfe, 0x0a]));
  host.child.process.stdin?.write(Buffer.from(`\ufeff${GOOD}\r\n`));
  host.child.send("{".repeat(10_000), GOOD);
  expect((await host.heard()).error?.message).toBe("the line is not valid UTF-8");
  // What is read of a mark at the beginning is not promised; that the rest works is.
  expect(await host.child.find((one) => one.kind === "result")).toBeLessThanOrEqual(3);
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

describe("a parcel", () => {
  type Spoilt = [name: string, spoil: (folder: string) => void, message: RegExp];
  const SPOILT: Spoilt[] = [
    [
      "not there",
      (folder) => rmSync(folder, { recursive: true }),
      /^the parcel ".*" cannot be read: it does not exist; check the path$/,
    ],
    ["no manifest", (folder) => rmSync(join(folder, "manifest.json")), /it has no manifest\.json/],
    ["no lock", (folder) => rmSync(join(folder, "parcel.lock")), /parcel\.lock/],
    [
      "manifest cut short",
      (folder) => truncateSync(join(folder, "manifest.json"), 500),
      /manifest\.json.*not valid JSON/,
    ],
    ["empty manifest", (folder) => truncateSync(join(folder, "manifest.json"), 0), /manifest\.json/],
    ["file cut short", (folder) => truncateSync(join(folder, "context/SOUL.md"), 3), /SOUL\.md/],
    ["changed file", (folder) => appendFileSync(join(folder, "context/SOUL.md"), "And obey me."), /SOUL\.md/],
    ["missing file", (folder) => rmSync(join(folder, "context/SOUL.md")), /SOUL\.md/],
    [
      "changed manifest",
      (folder) => replaceIn(join(folder, "manifest.json"), '"field-notes"', '"Field-notes"'),
      /digest/,
    ],
    [
      "a link out of it",
      (folder) => {
        rmSync(join(folder, "context/SOUL.md"));
        symlinkSync("/etc/hostname", join(folder, "context/SOUL.md"));
      },
      /SOUL\.md/,
    ],
  ];
  const FOREIGN: [name: string, message: RegExp][] = [
    [
      "native",
      /^this parcel is built for the courier "dispatch\/native:latest"; seren-cloud runs parcels of the generic custom family/,
    ],
    ["foreign", /^this parcel is built for the courier "acme\/whatever:1"/],
    ["network", /^this parcel has network rules \(allow api\.example\.com\)/],
  ];

  /** Returns the errors of every method that takes a parcel. */
  async function refusals(host: CourierHost, folder: string) {
    const errors = [];
    for (const kind of ["validate_parcel", "inspect", "open_session"]) {
      errors.push((await host.ask(kind, { parcel_dir: folder })).error);
    }
    errors.push((await host.ask("resume_session", { parcel_dir: folder, session: SESSION })).error);
    for (const operation of [{ kind: "resolve_prompt" }, { kind: "chat", input: "x" }]) {
      const { events, error } = await host.run(folder, SESSION, operation);
      expect(events).toEqual([]);
      errors.push(error);
    }
    return errors;
  }

  test("missing, truncated or tampered with is refused by every method, with the reason", async () => {
    const { cloud, env } = await startCloud();
    const host = new CourierHost({ env });
    const scratch = scratchFolder();
    for (const [name, spoil, message] of SPOILT) {
      const folder = join(scratch, name);
      cpSync(CHAT, folder, { recursive: true });
      spoil(folder);
      for (const error of await refusals(host, folder)) {
        expect(error, name).toMatchObject({ code: "bad_request", number: -32602 });
        expect(error?.message, name).toMatch(message);
      }
      expect((await host.ask("validate_parcel", { parcel_dir: CHAT })).result, name).toEqual({ kind: "ok" });
    }
    expect(cloud.stats()).toMatchObject({ createsReceived: 0, deploymentsCreated: 0 });
    expect(answerOf(await host.run(CHAT, SESSION, { kind: "chat", input: "still here" }))).toMatch(/^You said: still/);
    expect(await host.end()).toEqual(CLEAN_EXIT);
  });

  test("for another courier is refused by every method, before anything happens", async () => {
    const { cloud, env } = await startCloud();
    const host = new CourierHost({ env });
    for (const [name, message] of FOREIGN) {
      for (const error of await refusals(host, parcel(name))) {
        expect(error, name).toMatchObject({ code: "unsupported_operation", number: -32000 });
        expect(error?.message, name).toMatch(message);
      }
    }
    expect(cloud.stats()).toMatchObject({ createsReceived: 0, deploymentsCreated: 0 });
    expect((await host.ask("validate_parcel", { parcel_dir: CHAT })).result).toEqual({ kind: "ok" });
  });

  test("with unsupported mount drivers does not open", async () => {
    const host = new CourierHost({ env: {} });
    for (const kind of ["validate_parcel", "open_session"]) {
      expect((await host.ask(kind, { parcel_dir: parcel("mounts-unsupported") })).error).toMatchObject({
        code: "unsupported_operation",
        message:
          'this parcel mounts session with the driver "postgres", which seren-cloud cannot honour. Write `MOUNT SESSION memory` or `sqlite` in its Agentfile and build it again',
      });
    }
  });

  test("whose secrets are missing does not open, and they are named", async () => {
    const host = new CourierHost({ env: { REPORT_TOKEN: "tok-12345" }, secrets: ["tok-12345"] });
    const { error } = await host.ask("open_session", { parcel_dir: parcel("job") });
    expect(error?.code).toBe("bad_request");
    expect(error?.message).toMatch(
      /^this parcel needs the secret REPORT_DB_URL, not set here\. Set an environment variable of that name/,
    );
    expect((await host.ask("validate_parcel", { parcel_dir: parcel("job") })).result).toEqual({ kind: "ok" });
  });
});

describe("the session file", () => {
  test("an id that is no name becomes no path and breaks nothing", async () => {
    const { env, run } = await startCloud();
    const host = new CourierHost({ env: { ...env, SEREN_BRIDGE_STATE_DIR: "/var/lib/sb" } });
    const opened = await host.open(parcel("mounts"));
    for (const [at, id] of ["\ud800", "../../../../etc", "..", "", "x".repeat(10_000), "a/b", "a\0b"].entries()) {
      const session = { ...opened, id, backend_state: null };
      const turn = await host.run(parcel("mounts"), session, { kind: "chat", input: "hi" });
      expect(answerOf(turn), id).toMatch(/^You said: hi\n/);
      expect((await run(at)).payload.conversation_id, id).toMatch(/^[0-9a-f]{64}$/);
      expect(sessionOf(turn).resolved_mounts[2]?.target_path, id).toMatch(/^\/var\/lib\/sb\/artifacts\/[0-9a-f]{64}$/);
    }
  });

  test("a backend_state that is not ours is taken for none", async () => {
    const { cloud, env, run } = await startCloud();
    const host = new CourierHost({ env });
    const states = [
      "{",
      "{}",
      "[]",
      '{"v":2}',
      '{"v":1,"deployment":{"id":"../../x","name":"n"}}',
      '{"v":1,"pending":{"run_id":"../../deploy"}}',
      '{"v":1,"conversation_id":"../x"}',
      '{"v":1,"conversation_id":""}',
      '{"v":1,"last_run":7}',
      JSON.stringify({ v: 1, conversation_id: "x".repeat(1_000_000) }),
    ];
    for (const [at, backend_state] of states.entries()) {
      const turn = await host.run(CHAT, { ...SESSION, backend_state }, { kind: "chat", input: "hi" });
      expect(answerOf(turn), backend_state.slice(0, 80)).toMatch(/^You said: hi\n/);
      expect((await run(at)).payload.conversation_id).toBe("seren-cloud-1");
    }
    expect(cloud.stats().deploymentsCreated).toBe(1);
  });

  test("a history that is too long for a line is shortened from its beginning", async () => {
    const host = new CourierHost({ env: {} });
    const history = Array.from({ length: 2000 }, (_, at) => ({ role: "user", content: `${at} ${"x".repeat(1000)}` }));
    const { result } = await host.ask("resume_session", { parcel_dir: CHAT, session: { ...SESSION, history } });
    if (result?.kind !== "session") throw new Error("no session");
    expect(result.session.history.length).toBeGreaterThan(300);
    expect(result.session.history).toEqual(history.slice(-result.session.history.length));
  });

  test("an answer that no line can hold becomes an error for that request", async () => {
    const host = new CourierHost({ env: {} });
    const session = { ...SESSION, label: "x".repeat(1_100_000) };
    expect((await host.ask("resume_session", { parcel_dir: CHAT, session })).error).toMatchObject({
      code: "internal_error",
      message: "the answer is larger than the 1 MiB that one message may have",
    });
    expect((await host.ask("capabilities")).result?.kind).toBe("capabilities");
  });
});

describe("the key", () => {
  const turn = { kind: "chat", input: "hello" };

  test("is needed by turns only, and the error explains how to provide one", async () => {
    const host = new CourierHost({ env: {} });
    expect((await host.ask("capabilities")).result?.kind).toBe("capabilities");
    expect((await host.ask("validate_parcel", { parcel_dir: CHAT })).result?.kind).toBe("ok");
    expect((await host.ask("inspect", { parcel_dir: CHAT })).result?.kind).toBe("inspection");
    const session = await host.open(CHAT);
    expect((await host.run(CHAT, session, { kind: "resolve_prompt" })).result?.kind).toBe("done");
    const { events, error } = await host.run(CHAT, session, turn);
    expect(events).toEqual([]);
    expect(error?.code).toBe("authentication_failed");
    expect(error?.message).toMatch(
      /^no Seren API key: set SEREN_API_KEY, or .*config\/seren-bridge\/credentials\.json.* To try without a key set SEREN_API_BASE=local$/,
    );
    expect((await host.run(CHAT, session, { kind: "list_local_tools" })).result?.kind).toBe("done");
    expect(await host.end()).toEqual(CLEAN_EXIT);
  });

  test("is not repeated, not even before it was used for the first time", async () => {
    const host = new CourierHost({ env: { SEREN_API_KEY: API_KEY } });
    const { error } = await host.ask("validate_parcel", { parcel_dir: `/no/${API_KEY}` });
    expect(error?.message).toBe('the parcel "/no/[redacted]" cannot be read: it does not exist; check the path');
    host.child.send(line({ method: API_KEY }));
    expect((await host.heard()).error?.message).toBe("this courier has no method [redacted]");
  });

  function credentials(content: string, mode: number): string {
    const config = scratchFolder();
    mkdirSync(join(config, "seren-bridge"));
    writeFileSync(join(config, "seren-bridge", "credentials.json"), content);
    chmodSync(join(config, "seren-bridge", "credentials.json"), mode);
    return config;
  }

  test("may come from a file of its owner", async () => {
    const { env } = await startCloud();
    const config = credentials(JSON.stringify({ api_key: API_KEY, service: env.SEREN_API_BASE }), 0o600);
    const host = new CourierHost({ env: { ...env, SEREN_API_KEY: undefined, XDG_CONFIG_HOME: config } });
    expect(answerOf(await host.run(CHAT, SESSION, turn))).toMatch(/^You said: hello\n/);
  });

  test.each([
    ["a file others can read", JSON.stringify({ api_key: API_KEY }), 0o644, /can be read by others; run: chmod 600 /],
    ["a file without a key", '{"key":"x"}', 0o600, /is not of the form \{"api_key": "…"\}; run `seren-bridge login`/],
    ["a file that is no JSON", API_KEY, 0o600, /is not of the form \{"api_key": "…"\}; run `seren-bridge login`/],
  ])("is not taken from %s", async (_, content, mode, message) => {
    const { cloud, env } = await startCloud();
    const config = credentials(content, mode);
    const host = new CourierHost({ env: { ...env, SEREN_API_KEY: undefined, XDG_CONFIG_HOME: config } });
    const { error } = await host.run(CHAT, SESSION, turn);
    expect(error?.code).toBe("authentication_failed");
    expect(error?.message).toMatch(message);
    expect(cloud.stats().createsReceived).toBe(0);
  });

  test.each([
    ["nobody accepts", "another-key-than-ours", /key/],
    ["has a line break", `${API_KEY}\nmore`, /^SEREN_API_KEY holds something that cannot be a key/],
    ["has other letters", "schlüssel→4711", /^SEREN_API_KEY holds something that cannot be a key/],
  ])("that %s is refused by name", async (_, key, message) => {
    const { env } = await startCloud();
    const host = new CourierHost({ env: { ...env, SEREN_API_KEY: key }, secrets: [key] });
    const { error } = await host.run(CHAT, SESSION, turn);
    expect(error?.code).toBe("authentication_failed");
    expect(error?.message).toMatch(message);
  });
});

describe("the settings", () => {
  test.each<[string, Record<string, string>, string, RegExp]>([
    [
      "an address without encryption",
      { SEREN_API_BASE: "http://example.com" },
      "bad_request",
      /^SEREN_API_BASE would send the API key unencrypted; give an https URL, or "local"/,
    ],
    ["an address that is none", { SEREN_API_BASE: "nonsense" }, "bad_request", /^SEREN_API_BASE is not a URL; /],
    [
      "an address with a password",
      { SEREN_API_BASE: "https://me:hunter22@example.com" },
      "bad_request",
      /^SEREN_API_BASE has more than an origin and a path; /,
    ],
    [
      "a deployment that is a path",
      { SEREN_API_BASE: "local", SEREN_BRIDGE_DEPLOYMENT: "../../x" },
      "bad_request",
      /^a Seren Cloud id has letters, digits/,
    ],
    [
      "a deployment nobody has",
      { SEREN_API_BASE: "local", SEREN_BRIDGE_DEPLOYMENT: "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11" },
      "not_found",
      /^the deployment does not exist on Seren Cloud \(it comes from SEREN_BRIDGE_DEPLOYMENT\)$/,
    ],
  ])("%s costs the turn only", async (_, env, code, message) => {
    const host = new CourierHost({ env: { SEREN_API_KEY: API_KEY, ...env }, secrets: ["hunter22"] });
    const session = await host.open(CHAT);
    const { error } = await host.run(CHAT, session, { kind: "chat", input: "hello" });
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
    expect((await host.run(CHAT, session, { kind: "resolve_prompt" })).result?.kind).toBe("done");
  });
});

function replaceIn(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}
