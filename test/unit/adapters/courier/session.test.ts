import { describe, expect, test } from "vitest";
import type { CourierSession } from "#protocols/dispatch-courier";
import {
  afterOperation,
  type CourierState,
  keepSession,
  newSession,
  readState,
  requireSameParcel,
} from "../../../../src/adapters/courier/session.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { folderName } from "../../../../src/support/folder-name.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { altered } from "../../parcel/parcels.ts";

const DIGEST = "7f034b2e5f65bc578f9bc609bada04a5a4de775e05550680ad098f08504affe9";
const RUN_ID = "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";
const chat = await altered("chat", {});

const SESSION: CourierSession = {
  id: "s-1",
  parcel_digest: DIGEST,
  entrypoint: "chat",
  label: "field-notes",
  turn_count: 4,
  elapsed_ms: 1234,
  history: [{ role: "user", content: "hi" }],
  resolved_mounts: [],
  backend_state: '{"v":1,"conversation_id":"s-1"}',
};

describe("a new session", () => {
  test("has a new id, the parcel's values, and its id as the conversation", () => {
    const ambient = new VirtualAmbient(1);
    const first = newSession(chat, [], ambient);
    const second = newSession(chat, [], ambient);
    expect(first.id).toMatch(/^seren-cloud-7f034b2e5f65-[0-9a-f-]{36}$/);
    expect(second.id).not.toBe(first.id);
    expect(first).toEqual({
      ...SESSION,
      id: first.id,
      turn_count: 0,
      elapsed_ms: 0,
      history: [],
      backend_state: `{"v":1,"conversation_id":"${first.id}"}`,
    });
    expect(first.id, "it names a folder").toBe(folderName(first.id));
  });

  test("of a parcel without a name and an entrypoint has neither", async () => {
    const { entrypoint, label } = newSession(await altered("minimal", { name: null }), [], new VirtualAmbient(1));
    expect([entrypoint, label]).toEqual([null, null]);
  });
});

test("a session of another parcel is refused", () => {
  requireSameParcel(chat, SESSION);
  for (const parcel_digest of ["", DIGEST.toUpperCase(), `${DIGEST} `]) {
    expect(() => requireSameParcel(chat, { ...SESSION, parcel_digest })).toThrow(ExecutionFailure);
  }
});

describe("a session from the host", () => {
  test("is kept without unknown members", () => {
    const incoming = { ...SESSION, more: 1, history: [{ role: "user", content: "hi", at: 1 }] };
    expect(keepSession(incoming, chat, [])).toEqual(SESSION);
  });

  test("gets the parcel's name when it has no label, and the mounts of this process", () => {
    const mount = { kind: "session", driver: "memory", target_path: "x", metadata: {} } as const;
    const { label: _, entrypoint: __, ...bare } = SESSION;
    const stale = { ...bare, resolved_mounts: [{ ...mount, target_path: "/etc" }] };
    expect(keepSession(stale, chat, [mount])).toEqual({
      ...SESSION,
      entrypoint: null,
      label: "field-notes",
      resolved_mounts: [mount],
    });
  });

  const long = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ role: "user", content: `${at}`.padEnd(1000, "x") }));

  test("loses the oldest entries when its history is too long for a line", () => {
    const history = long(1000);
    const kept = keepSession({ ...SESSION, history }, chat, []).history;
    expect(kept).toEqual(history.slice(-kept.length));
    expect(kept.length, "1000 characters, 28 of JSON and a comma each, in 384 KiB").toBe(382);
  });

  test("keeps a history that fits", () => {
    expect(keepSession({ ...SESSION, history: long(381) }, chat, []).history).toHaveLength(381);
  });

  test("counts bytes as they are encoded: six for a control character, two for an accented letter", () => {
    const history = ["\u0001".repeat(40_000), "ü".repeat(80_000), "x"].map((content) => ({ role: "user", content }));
    expect(keepSession({ ...SESSION, history }, chat, []).history.map(({ content }) => content[0])).toEqual(["ü", "x"]);
  });

  test("loses a single entry that is too long", () => {
    const history = [...long(1), { role: "assistant", content: "y".repeat(400 * 1024) }];
    expect(keepSession({ ...SESSION, history }, chat, []).history).toEqual([]);
  });
});

describe("after an operation", () => {
  const state: CourierState = { v: 1, conversation_id: "s-1", pending: { run_id: RUN_ID } };

  test("an operation without a run counts as a turn and adds nothing to the history", () => {
    expect(afterOperation(SESSION, state, undefined)).toEqual({
      ...SESSION,
      turn_count: 5,
      backend_state: `{"v":1,"conversation_id":"s-1","pending":{"run_id":"${RUN_ID}"}}`,
    });
  });

  test("a turn adds what both sides said and leaves the elapsed time to the host", () => {
    const { history, elapsed_ms } = afterOperation(SESSION, state, { user: "a", assistant: "b" });
    expect(history).toEqual([
      { role: "user", content: "hi" },
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ]);
    expect(elapsed_ms).toBe(1234);
  });
});

describe("backend_state", () => {
  test("is read as it was written", () => {
    const state: CourierState = {
      v: 1,
      deployment: { id: RUN_ID, name: "field-notes-7f034b2e-01234567" },
      conversation_id: "seren-cloud-1",
      pending: { run_id: RUN_ID },
      last_run: { run_id: RUN_ID, status: "completed", usage: { inputTokens: 1, outputTokens: 2 } },
    };
    expect(readState({ id: "s", backend_state: JSON.stringify(state) })).toEqual(state);
  });

  test("without a conversation uses the session's id", () => {
    expect(readState({ id: "s-9", backend_state: '{"v":1}' })).toEqual({ v: 1, conversation_id: "s-9" });
  });

  test.each([
    undefined,
    null,
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    '{"v":2,"conversation_id":"other"}',
    '{"v":"1","conversation_id":"other"}',
    '{"v":1,"conversation_id":7}',
    '{"v":1,"conversation_id":""}',
    '{"v":1,"conversation_id":"../other"}',
    '{"v":1,"conversation_id":"other\\ud800"}',
    `{"v":1,"conversation_id":"${"o".repeat(129)}"}`,
    '{"v":1,"conversation_id":"other","deployment":{"id":"../../runs","name":"n"}}',
    '{"v":1,"conversation_id":"other","deployment":{"id":"not-a-uuid","name":"n"}}',
    `{"v":1,"conversation_id":"other","deployment":{"id":"${RUN_ID}","name":"${"n".repeat(300)}"}}`,
    '{"v":1,"conversation_id":"other","pending":{"run_id":"x?y"}}',
    '{"v":1,"conversation_id":"other","pending":"x"}',
    `{"v":1,"conversation_id":"other","last_run":{"run_id":"${RUN_ID}","status":7}}`,
    `{"v":1,"conversation_id":"other","last_run":{"run_id":"${RUN_ID}","status":"ok","usage":{"inputTokens":"1"}}}`,
  ])("%j is taken for none", (backend_state) => {
    const session = backend_state === undefined ? { id: "s-1" } : { id: "s-1", backend_state };
    expect(readState(session)).toEqual({ v: 1, conversation_id: "s-1" });
  });

  test("unknown members are dropped; a prototype is not a member", () => {
    const state = readState({
      id: "s",
      backend_state: '{"v":1,"conversation_id":"c","more":1,"__proto__":{"pending":1}}',
    });
    expect(Object.keys(state).sort()).toEqual(["conversation_id", "v"]);
    expect(state.pending).toBeUndefined();
  });
});

test.each([
  ["seren-cloud-7f034b2e5f65-2f1f585d-5068-4849-b036-fae949677456", true],
  ["native-0123.4", true],
  ["x".repeat(128), true],
  ["x".repeat(129), false],
  ["", false],
  [".", false],
  ["..", false],
  ["-rf", false],
  ["a/b", false],
  ["a\\b", false],
  ["a b", false],
  ["a\n", false],
  ["\ud800", false],
  ["ü", false],
  ["CON", false],
  ["aux.txt", false],
  ["ends with a dot.", false],
  ["ends.", false],
  ["C:x", false],
])("%j is a name by itself: %s", (id, plain) => {
  if (plain) expect(folderName(id)).toBe(id);
  else expect(folderName(id)).toMatch(/^[0-9a-f]{64}$/);
});
