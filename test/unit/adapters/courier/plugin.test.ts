import { expect, test } from "vitest";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { parcelDir } from "../../parcel/parcels.ts";
import { Courier, hangs, sessionOf } from "./harness.ts";

const CHAT = parcelDir("chat");

test("capabilities: every mount kind, because the host refuses a parcel with one that is missing; no local tools", async () => {
  expect(await new Courier().ask("capabilities")).toEqual({
    events: [],
    result: {
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
  });
});

test("only opening or resuming a session loads the engine ahead; nothing is started before a turn", async () => {
  const courier = new Courier();
  await courier.ask("capabilities");
  await courier.ask("validate_parcel", { parcel_dir: CHAT });
  await courier.ask("inspect", { parcel_dir: CHAT });
  expect(courier.warmUps).toBe(0);
  const session = await courier.open(CHAT);
  await courier.ask("resume_session", { parcel_dir: CHAT, session });
  expect(courier.warmUps).toBe(2);
  expect(courier.asked).toEqual([]);
});

test("opening a session needs the secrets; validating and inspecting do not", async () => {
  const courier = new Courier();
  expect((await courier.ask("validate_parcel", { parcel_dir: parcelDir("job") })).result).toEqual({ kind: "ok" });
  expect((await courier.ask("inspect", { parcel_dir: parcelDir("job") })).result?.kind).toBe("inspection");
  const { error } = await courier.ask("open_session", { parcel_dir: parcelDir("job") });
  expect(error?.message).toMatch(/^this parcel needs the secrets REPORT_DB_URL, REPORT_TOKEN, not set here/);
});

test.each([
  [
    "with the key",
    {},
    /^field-notes-7f034b2e-[0-9a-f]{8} \(a job deployment; reused when it exists, made at the first turn otherwise\)$/,
  ],
  [
    "without it",
    {
      apiKey: () => {
        throw new ExecutionFailure("unauthorized", "no key");
      },
    },
    /^field-notes-7f034b2e-<options> \(a job deployment;/,
  ],
  [
    "with SEREN_BRIDGE_DEPLOYMENT",
    { deployment: "11111111-1111-4111-8111-111111111111" },
    /^11111111-1111-4111-8111-111111111111 \(from SEREN_BRIDGE_DEPLOYMENT; it is used as it is\)$/,
  ],
])("inspect says which deployment a turn would go to, %s", async (_, options, expected) => {
  const { result } = await new Courier(options).ask("inspect", { parcel_dir: CHAT });
  expect(result?.kind === "inspection" && result.inspection.extensions?.deployment).toMatch(expected);
});

test("every request with a parcel verifies it again", async () => {
  const courier = new Courier();
  const session = await courier.open(CHAT);
  const foreign = parcelDir("foreign");
  for (const [kind, params] of [
    ["validate_parcel", {}],
    ["inspect", {}],
    ["open_session", {}],
    ["resume_session", { session }],
    ["run", { session, operation: { kind: "resolve_prompt" } }],
  ] as const) {
    const { error } = await courier.ask(kind, { parcel_dir: foreign, ...params });
    expect(error?.code, kind).toBe("unsupported_operation");
  }
});

test("resume and run refuse a session of another build", async () => {
  const courier = new Courier();
  const session = { ...(await courier.open(CHAT)), parcel_digest: "0".repeat(64) };
  for (const answer of [
    await courier.ask("resume_session", { parcel_dir: CHAT, session }),
    await courier.run(CHAT, session, { kind: "chat", input: "x" }),
  ]) {
    expect(answer.error?.message).toMatch(/^the session belongs to another build of the parcel/);
  }
  expect(courier.asked).toEqual([]);
});

test("unsupported mount drivers are refused when a session or a turn begins", async () => {
  const courier = new Courier();
  const parcel_dir = parcelDir("mounts-unsupported");
  for (const kind of ["validate_parcel", "open_session"]) {
    expect((await courier.ask(kind, { parcel_dir })).error?.code).toBe("unsupported_operation");
  }
});

test("resume keeps the session's counters and resolves the mounts again", async () => {
  const courier = new Courier();
  const opened = await courier.open(parcelDir("mounts"));
  const stale = { ...opened, turn_count: 7, elapsed_ms: 8, resolved_mounts: [] };
  const answer = await courier.ask("resume_session", { parcel_dir: parcelDir("mounts"), session: stale });
  expect(sessionOf(answer)).toEqual({ ...opened, turn_count: 7, elapsed_ms: 8 });
});

test("shutdown without a run ends the connection after its reply", async () => {
  const courier = new Courier();
  expect(await courier.ask("shutdown")).toEqual({ events: [], result: { kind: "ok" } });
  expect(courier.ended).toBe(true);
});

test("shutdown cancels the runs before it replies", async () => {
  const courier = new Courier();
  const started = new Promise<void>((resolve) => void courier.plays.push(hangs(resolve)));
  const turn = courier.run(CHAT, await courier.open(CHAT), { kind: "chat", input: "x" });
  await started;
  expect((await courier.ask("shutdown")).result).toEqual({ kind: "ok" });
  expect(courier.registry.size).toBe(0);
  expect((await turn).error?.code).toBe("run_cancelled");
});

test("shutdown waits for a run that does not stop no longer than the host waits for the process", async () => {
  const courier = new Courier();
  let started: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    started = resolve;
  });
  courier.plays.push(async function* play() {
    yield { type: "status", phase: "running" };
    started();
    await new Promise(() => undefined);
    throw new Error("not reached");
  });
  void courier.run(CHAT, await courier.open(CHAT), { kind: "chat", input: "x" });
  await begun;
  const before = courier.ambient.now();
  const answer = courier.ask("shutdown");
  await courier.ambient.advance(119);
  expect(courier.ended).toBe(false);
  await courier.ambient.advance(1);
  expect((await answer).result).toEqual({ kind: "ok" });
  expect(courier.ambient.now() - before).toBe(120);
});

test("no run is started after shutdown", async () => {
  const courier = new Courier();
  const session = await courier.open(CHAT);
  await courier.onEnd("eof");
  const { error } = await courier.run(CHAT, session, { kind: "chat", input: "x" });
  expect(error?.code).toBe("run_cancelled");
  expect(courier.asked).toEqual([]);
});
