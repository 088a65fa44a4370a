/** The courier's methods through the built file: what Dispatch asks, and all it gets back. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Child, CLEAN_EXIT, ROOT } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, replyOf, request } from "../support/child-process/courier-host.ts";

const CAPABILITIES = {
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
};
const CHAT_DIGEST = "7f034b2e5f65bc578f9bc609bada04a5a4de775e05550680ad098f08504affe9";

describe("one-shot requests", () => {
  test.each([
    ["capabilities", {}, CAPABILITIES],
    ["validate_parcel", { parcel_dir: parcel("chat") }, { kind: "ok" }],
    ["validate_parcel", { parcel_dir: join(parcel("chat"), "manifest.json") }, { kind: "ok" }],
    ["validate_parcel", { parcel_dir: parcel("unicode") }, { kind: "ok" }],
    ["validate_parcel", { parcel_dir: parcel("chat-bound-by-host") }, { kind: "ok" }],
    ["inspect", { parcel_dir: parcel("minimal") }, { kind: "inspection" }],
  ])("%s %o: stdin closes right behind the request, the answer comes all the same", async (kind, params, result) => {
    const child = new Child("courier");
    child.send(request(kind, params));
    expect(await child.end()).toEqual(CLEAN_EXIT);
    expect(child.messages).toMatchObject([{ kind: "result", id: 1, result }]);
    expect(child.stderr).toBe("");
  });

  test("the last line may end with the input instead of a newline", async () => {
    const child = new Child("courier");
    child.process.stdin?.end(JSON.stringify(request("capabilities")));
    expect(await child.exited).toEqual(CLEAN_EXIT);
    expect(child.messages).toEqual([{ kind: "result", id: 1, result: CAPABILITIES }]);
  });

  test("without a request there is no output", async () => {
    const child = new Child("courier");
    expect(await child.end()).toEqual(CLEAN_EXIT);
    expect(child.messages).toEqual([]);
    expect(child.stderr).toBe("");
  });
});

test("every request has id 1, also those that wait in one chunk; each is answered, in order", async () => {
  const host = new CourierHost();
  host.child.send(
    request("capabilities"),
    request("validate_parcel", { parcel_dir: parcel("native") }),
    request("validate_parcel", { parcel_dir: parcel("chat") }),
    request("capabilities"),
  );
  expect(await host.heard()).toEqual({ events: [], result: CAPABILITIES });
  const replies = [await host.heard(), await host.heard(), await host.heard()];
  expect(replies.map(({ result, error }) => result?.kind ?? error?.code).sort()).toEqual([
    "capabilities",
    "ok",
    "unsupported_operation",
  ]);
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

test("inspect shows the parcel as the host lists it, and what becomes of it here", async () => {
  const host = new CourierHost({
    env: { SEREN_API_BASE: "local", BROKER_TOKEN: "b", PLANNER_USER: "u", PLANNER_PASS: "p" },
  });
  const { result } = await host.ask("inspect", { parcel_dir: parcel("tools") });
  if (result?.kind !== "inspection") throw new Error("no inspection");
  const { local_tools, extensions, ...inspection } = result.inspection;
  expect(inspection).toEqual({
    courier_id: "seren-cloud",
    kind: "custom",
    entrypoint: "chat",
    required_secrets: ["BROKER_TOKEN", "PLANNER_USER", "PLANNER_PASS"],
    mounts: [],
  });
  expect(local_tools.map(({ alias, transport }) => `${alias} ${transport}`)).toEqual([
    "count local",
    "greet local",
    "planner a2a",
    "broker a2a",
    "ledger a2a",
  ]);
  expect(extensions?.deployment).toMatch(
    /^tool-belt-[0-9a-f]{8}-[0-9a-f]{8} \(a job deployment; reused when it exists/,
  );
});

describe("a session", () => {
  test("opens without a key, without a network, and without making anything", async () => {
    const host = new CourierHost({ env: {} });
    const first = await host.open(parcel("chat"));
    const { id, backend_state } = first;
    expect(id).toMatch(/^seren-cloud-7f034b2e5f65-[0-9a-f-]{36}$/);
    expect(first).toEqual({
      id,
      parcel_digest: CHAT_DIGEST,
      entrypoint: "chat",
      label: "field-notes",
      turn_count: 0,
      elapsed_ms: 0,
      history: [],
      resolved_mounts: [],
      backend_state,
    });
    expect(JSON.parse(backend_state ?? "")).toEqual({ v: 1, conversation_id: id });
    expect((await host.open(parcel("chat"))).id, "the host ends the older of two sessions with one id").not.toBe(id);
  });

  test("comes back as it was, with what we do not know left out and what the host counts untouched", async () => {
    const host = new CourierHost();
    const opened = await host.open(parcel("chat"));
    const kept = {
      ...opened,
      turn_count: 3,
      elapsed_ms: 4711,
      history: [{ role: "user", content: "a", at: 5 }],
      more: 1,
    };
    const { result } = await host.ask("resume_session", { parcel_dir: parcel("chat"), session: kept });
    expect(result).toEqual({
      kind: "session",
      session: { ...opened, turn_count: 3, elapsed_ms: 4711, history: [{ role: "user", content: "a" }] },
    });
  });

  test("reports where the data of its mounts is stored", async () => {
    const host = new CourierHost({ env: { SEREN_API_BASE: "local", SEREN_BRIDGE_STATE_DIR: "/var/lib/sb" } });
    const { id, resolved_mounts } = await host.open(parcel("mounts"));
    expect(resolved_mounts).toEqual([
      {
        kind: "session",
        driver: "sqlite",
        target_path: "seren-cloud:conversation",
        metadata: { location: "seren-cloud", storage: "conversation", local_copy: "session history" },
      },
      {
        kind: "memory",
        driver: "sqlite",
        target_path: "seren-cloud:memory",
        metadata: { location: "seren-cloud", storage: "kept by the remote runtime", local_copy: "none" },
      },
      {
        kind: "artifacts",
        driver: "local",
        target_path: `/var/lib/sb/artifacts/${id}`,
        metadata: { location: "local", storage: "run artifacts are downloaded into this folder" },
      },
    ]);
  });
});

describe("looking at a parcel", () => {
  const CASES = ["bound", "chat", "minimal", "mounts", "skills", "unicode", "tools", "heartbeat", "job"];
  const SECRETS = { BROKER_TOKEN: "x", PLANNER_USER: "x", PLANNER_PASS: "x", REPORT_DB_URL: "x", REPORT_TOKEN: "x" };

  test("resolve_prompt answers the host's own prompt, byte for byte, without a key", async () => {
    const host = new CourierHost({ env: SECRETS });
    for (const name of CASES) {
      const expected = await readFile(join(ROOT, "test/fixtures/dispatch/expected", `${name}.prompt.txt`), "utf8");
      const session = await host.open(parcel(name));
      const { events, result } = await host.run(parcel(name), session, { kind: "resolve_prompt" });
      expect(events, name).toEqual([{ kind: "prompt_resolved", text: expected }, { kind: "done" }]);
      expect(result, name).toEqual({ kind: "done", session: { ...session, turn_count: 1 } });
    }
  });

  test("list_local_tools answers the same list as inspect", async () => {
    const host = new CourierHost({ env: SECRETS });
    const session = await host.open(parcel("tools"));
    const { events, result } = await host.run(parcel("tools"), session, { kind: "list_local_tools" });
    const inspected = await host.ask("inspect", { parcel_dir: parcel("tools") });
    if (inspected.result?.kind !== "inspection") throw new Error("no inspection");
    expect(events).toEqual([
      { kind: "local_tools_listed", tools: inspected.result.inspection.local_tools },
      { kind: "done" },
    ]);
    expect(result).toEqual({ kind: "done", session: { ...session, turn_count: 1 } });
  });

  test("invoke_tool is refused with the reason", async () => {
    const host = new CourierHost({ env: SECRETS });
    const session = await host.open(parcel("tools"));
    const invocation = { name: "greet", input: "hi" };
    const { events, error } = await host.run(parcel("tools"), session, { kind: "invoke_tool", invocation });
    expect(events).toEqual([]);
    expect(error).toMatchObject({ code: "unsupported_operation", number: -32000 });
    expect(error?.message).toMatch(/^seren-cloud does not run a parcel's tools on this machine/);
  });
});

describe("shutdown", () => {
  test("while a run is unanswered: the run is cancelled and answered, then the process ends", async () => {
    const { cloud, env, run } = await startCloud();
    const host = new CourierHost({ env });
    const session = await host.open(parcel("chat"));
    const operation = { kind: "chat", input: script({ text: "working\n" }, { hang: true }) };
    host.child.send(request("run", { parcel_dir: parcel("chat"), session, operation }));
    const { ended } = await run(0);
    host.child.send(request("shutdown"));
    expect(await host.child.exited, "stdin stays open, as with the real host").toEqual(CLEAN_EXIT);
    const replies = host.child.messages
      .filter(({ kind }) => kind !== "notification")
      .map(replyOf)
      .slice(1);
    expect(replies.map(({ result, error }) => result?.kind ?? error?.code).sort()).toEqual(["ok", "run_cancelled"]);
    expect(await ended).toBe("cancelled");
    expect(cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [] });
  });

  test("stops nothing that is not running", async () => {
    const { cloud, env } = await startCloud();
    const host = new CourierHost({ env });
    const session = await host.open(parcel("chat"));
    await host.run(parcel("chat"), session, { kind: "chat", input: "hello" });
    expect(await host.ask("shutdown")).toEqual({ events: [], result: { kind: "ok" } });
    expect(await host.child.exited).toEqual(CLEAN_EXIT);
    expect(cloud.stats()).toMatchObject({ cancelsReceived: 0, deploymentsDeleted: 0 });
  });
});
