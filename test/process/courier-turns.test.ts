/** Turns of a courier session through the built file, against an embedded Seren Cloud beside it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { startLocalHttp } from "../../src/local/index.ts";
import { API_KEY, CLEAN_EXIT, type RegisterCleanup, scratchFolder } from "../support/child-process/child.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import {
  answerOf,
  CourierHost,
  type Exchange,
  parcel,
  sessionOf,
  streamedOf,
} from "../support/child-process/courier-host.ts";
import { DEPLOY } from "../support/in-process/local-calls.ts";
import { copyOf, manifestOf, writeSealed } from "../unit/parcel/parcels.ts";

const DeployedSchema = z.object({ data: z.object({ id: z.string() }) });

const kinds = ({ events }: Exchange) => events.map(({ kind }) => kind);

// One process and one service for the tests that need no others of their own.
let server: Cloud;
let host: CourierHost;
const over: Parameters<RegisterCleanup>[0][] = [];
beforeAll(async () => {
  server = await startCloud({}, (run) => void over.unshift(run));
  host = new CourierHost({
    env: { ...server.env, SEREN_BRIDGE_LOG: "debug" },
    whenOver: (run) => void over.unshift(run),
  });
});
afterAll(async () => {
  for (const run of over) await run();
});

describe("a turn", () => {
  test("is deltas, then one message with the same text, then done, then the result", async () => {
    const { cloud, env } = await startCloud();
    const host = new CourierHost({ env });
    const opened = await host.open(parcel("chat"));
    expect(cloud.stats()).toMatchObject({ createsReceived: 0, deploymentsCreated: 0 });
    const turn = await host.run(parcel("chat"), { ...opened, elapsed_ms: 25 }, { kind: "chat", input: "hello" });
    const answer =
      "You said: hello\n" +
      "Instructions: IDENTITY.md, SOUL.md, SKILL.md, AGENTS.md, USER.md, TOOLS.md, MEMORY.md.\n" +
      "Earlier turns in this conversation: 0.\n";
    const deltas = turn.events.slice(0, -2);
    expect(deltas.length).toBeGreaterThan(0);
    expect(new Set(deltas.map(({ kind }) => kind))).toEqual(new Set(["text_delta"]));
    expect(streamedOf(turn)).toBe(answer);
    expect(turn.events.slice(-2)).toEqual([{ kind: "message", role: "assistant", content: answer }, { kind: "done" }]);
    const session = sessionOf(turn);
    expect(session).toEqual({
      ...opened,
      turn_count: 1,
      elapsed_ms: 25,
      history: [
        { role: "user", content: "hello" },
        { role: "assistant", content: answer },
      ],
      backend_state: session.backend_state,
    });
    expect(await host.ask("shutdown")).toEqual({ events: [], result: { kind: "ok" } });
    expect(await host.child.exited).toEqual(CLEAN_EXIT);
    expect(cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [], deploymentsCreated: 1, cancelsReceived: 0 });
  });

  test("reports the agent's tools in the order of events", async () => {
    const session = await host.open(parcel("chat"));
    const input = script(
      { text: "Looking. " },
      { tool: "grep", args: { pattern: "TODO" }, result: "3 hits" },
      { tool: "rm", error: true, result: "denied" },
      { text: "Three." },
    );
    const turn = await host.run(parcel("chat"), session, { kind: "chat", input });
    expect(turn.events).toEqual([
      { kind: "text_delta", content: "Looking. " },
      {
        kind: "tool_call_started",
        invocation: { name: "grep", input: '{"pattern":"TODO"}' },
        command: "seren-cloud",
        args: [],
      },
      {
        kind: "tool_call_finished",
        result: { tool: "grep", command: "seren-cloud", args: [], exit_code: 0, stdout: "3 hits", stderr: "" },
      },
      { kind: "tool_call_started", invocation: { name: "rm", input: "{}" }, command: "seren-cloud", args: [] },
      {
        kind: "tool_call_finished",
        result: { tool: "rm", command: "seren-cloud", args: [], exit_code: 1, stdout: "", stderr: "denied" },
      },
      { kind: "text_delta", content: "Three." },
      { kind: "message", role: "assistant", content: "Looking. Three." },
      { kind: "done" },
    ]);
  });

  test("continues in the next process, with the same conversation and deployment", async () => {
    const { cloud, env, run } = await startCloud();
    const first = new CourierHost({ env });
    const opened = await first.open(parcel("chat"));
    const session = sessionOf(await first.run(parcel("chat"), opened, { kind: "chat", input: "one" }));
    await first.ask("shutdown");
    expect(await first.end()).toEqual(CLEAN_EXIT);

    const second = new CourierHost({ env });
    const resumed = sessionOf(await second.ask("resume_session", { parcel_dir: parcel("chat"), session }));
    expect(resumed).toEqual(session);
    const turn = await second.run(parcel("chat"), resumed, { kind: "chat", input: "two" });
    expect(answerOf(turn)).toMatch(/^You said: two\n.*\nEarlier turns in this conversation: 1\.\n$/);
    expect(sessionOf(turn).history.map(({ content }) => content.split("\n")[0])).toEqual([
      "one",
      "You said: one",
      "two",
      "You said: two",
    ]);
    expect(sessionOf(turn).turn_count).toBe(2);
    expect((await run(1)).payload.conversation_id).toBe(opened.id);
    expect(cloud.stats()).toMatchObject({ runsStarted: 2, deploymentsCreated: 1 });
  });

  test("a deployment that was deleted meanwhile is created again", async () => {
    const before = await startCloud();
    const first = new CourierHost({ env: before.env });
    const opened = await first.open(parcel("chat"));
    const session = sessionOf(await first.run(parcel("chat"), opened, { kind: "chat", input: "one" }));

    const { cloud, env } = await startCloud();
    const second = new CourierHost({ env });
    expect(answerOf(await second.run(parcel("chat"), session, { kind: "chat", input: "two" }))).toMatch(
      /^You said: two\n/,
    );
    expect(cloud.stats()).toMatchObject({ createsReceived: 2, runsStarted: 1, deploymentsCreated: 1 });
  });

  test("of a bound parcel, or with SEREN_BRIDGE_DEPLOYMENT, runs on that deployment and makes none", async () => {
    const { cloud, env, run } = await startCloud();
    const deploy = await fetch(`${env.SEREN_API_BASE}/publishers/seren-cloud/deploy`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ ...DEPLOY, name: "somebody's own" }),
    });
    const { id } = DeployedSchema.parse(await deploy.json()).data;

    // The host adds the label to a copy of the parcel and leaves the digest as it was.
    const bound = join(scratchFolder(), "bound");
    cpSync(parcel("chat-bound-by-host"), bound, { recursive: true });
    const manifest = readFileSync(join(bound, "manifest.json"), "utf8");
    const label = /("dispatch\.deployment\.id": ")[^"]+/;
    expect(manifest).toMatch(label);
    writeFileSync(join(bound, "manifest.json"), manifest.replace(label, `$1${id}`));
    const first = new CourierHost({ env: { ...env, SEREN_BRIDGE_DEPLOYMENT: "not even looked at" } });
    await first.run(bound, await first.open(bound), { kind: "chat", input: "one" });

    const second = new CourierHost({ env: { ...env, SEREN_BRIDGE_DEPLOYMENT: id } });
    await second.run(parcel("chat"), await second.open(parcel("chat")), { kind: "chat", input: "two" });
    expect([(await run(0)).deploymentName, (await run(1)).deploymentName]).toEqual([
      "somebody's own",
      "somebody's own",
    ]);
    expect(cloud.stats()).toMatchObject({ runsStarted: 2, deploymentsCreated: 1, deploymentsDeleted: 0 });
  });

  test("of a job carries its payload, and its secrets to the deployment only", async () => {
    const { cloud, env, run } = await startCloud();
    const secrets = { REPORT_DB_URL: "postgres://reports:hunter22@db", REPORT_TOKEN: "tok-5567-very-secret" };
    const host = new CourierHost({ env: { ...env, ...secrets }, secrets: Object.values(secrets) });
    const session = await host.open(parcel("job"));
    const payload = JSON.stringify({ day: "2026-11-02", token: secrets.REPORT_TOKEN });
    const turn = await host.run(parcel("job"), session, { kind: "job", payload });
    expect(answerOf(turn)).toContain('You said: {"day":"2026-11-02","token":"[redacted]"}');
    expect((await run(0)).payload).toMatchObject({ message: payload, operation: "job", async: true });
    expect((await run(0)).payload.conversation_id, "every job stands alone").toBeUndefined();
    expect(sessionOf(turn).history[0]).toEqual({
      role: "user",
      content: 'Job payload:\n{"day":"2026-11-02","token":"[redacted]"}',
    });
    expect(cloud.stats()).toMatchObject({ runsStarted: 1, deploymentsCreated: 1 });
  });

  test.each([
    [null, "No message was sent.", "Heartbeat tick"],
    ["tick 1", "You said: tick 1", "Heartbeat payload:\ntick 1"],
  ])("of a heartbeat with payload %j", async (payload, said, entry) => {
    const session = await host.open(parcel("heartbeat"));
    const turn = await host.run(parcel("heartbeat"), session, { kind: "heartbeat", payload });
    expect(answerOf(turn).split("\n")[0]).toBe(said);
    expect(sessionOf(turn).history[0]).toEqual({ role: "user", content: entry });
  });

  test("the caller's session counts, however often it is used again", async () => {
    const session = await host.open(parcel("chat"));
    for (const operation of [
      { kind: "resolve_prompt" },
      { kind: "chat", input: "a" },
      { kind: "chat", input: "b" },
      { kind: "list_local_tools" },
    ]) {
      expect(sessionOf(await host.run(parcel("chat"), session, operation)).turn_count).toBe(1);
    }
  });

  test("difficult characters arrive and come back as they are", async () => {
    const session = await host.open(parcel("unicode"));
    const input = 'Grüße 😀 日本 👩‍👩‍👧‍👦 \u2028 \u2029 \u0000 \u001b[31m \\ "quoted"\ttab \ufeff';
    const turn = await host.run(parcel("unicode"), session, { kind: "chat", input });
    expect(answerOf(turn).split("\nInstructions")[0]).toBe(`You said: ${input}`);
    expect(session.label).toBe("wörterbuch-日本");
  });

  test("a long answer is streamed whole; the message is shortened to what a line can hold", async () => {
    const session = await host.open(parcel("chat"));
    const piece = "ünï\u0001 "; // a control character costs six bytes in JSON
    const input = script({ text: piece.repeat(20_000), n: 10 });
    const turn = await host.run(parcel("chat"), session, { kind: "chat", input });
    expect(streamedOf(turn)).toBe(piece.repeat(200_000));
    const mark = "\n… (shortened; the streamed text is complete)";
    const shown = answerOf(turn).slice(0, -mark.length);
    expect(answerOf(turn).endsWith(mark)).toBe(true);
    expect(shown.length).toBeGreaterThan(10_000);
    expect(streamedOf(turn).startsWith(shown)).toBe(true);
    expect(kinds(turn).slice(-2)).toEqual(["message", "done"]);
  });

  test("artifacts land in the folder the session names", async () => {
    const session = await host.open(parcel("mounts"));
    const input = script({ text: "Done." }, { artifact: { id: "a-1", kind: "report", title: "Weekly report.json" } });
    const turn = await host.run(parcel("mounts"), session, { kind: "chat", input });
    const folder = session.resolved_mounts.find(({ kind }) => kind === "artifacts")?.target_path ?? "";
    const [, path = ""] = /— (.+)$/.exec(answerOf(turn)) ?? [];
    expect(path.startsWith(folder), `${path} is in ${folder}`).toBe(true);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ id: "a-1", kind: "report" });
    expect(streamedOf(turn)).toBe(answerOf(turn));
  });

  test("artifacts whose addresses never answer are given up at TIMEOUT RUN, and the answer arrives", async () => {
    const { cloud } = server;
    const silent = ({ path }: { path: string }) => path.startsWith("/silent");
    const { origin, close } = await startLocalHttp({
      refusal: (head) => (silent(head) ? undefined : cloud.refusal(head)),
      handle: (request, signal) => (silent(request) ? new Promise(() => undefined) : cloud.handle(request, signal)),
    });
    onTestFinished(close);
    const host = new CourierHost({ env: { SEREN_API_BASE: origin, SEREN_API_KEY: API_KEY } });
    const folder = await copyOf("mounts");
    const timeouts = [{ scope: "RUN", duration: "3s", qualifiers: [] }];
    await writeSealed(folder, { ...(await manifestOf("mounts")), timeouts });
    const session = await host.open(folder);
    const artifacts = ["a", "b"].map((id) => ({ artifact: { id, kind: "report", url: `${origin}/silent/${id}` } }));
    const turn = await host.run(folder, session, { kind: "chat", input: script({ text: "Done." }, ...artifacts) });
    expect(answerOf(turn).match(/not saved: there was no time left for it/g)).toHaveLength(2);
    expect(sessionOf(turn).turn_count).toBe(1);
  });

  test("the key never appears, even when a user types it", async () => {
    const session = await host.open(parcel("chat"));
    const turn = await host.run(parcel("chat"), session, { kind: "chat", input: `my key is ${API_KEY}, keep it` });
    expect(answerOf(turn).split("\n")[0]).toBe("You said: my key is [redacted], keep it");
    expect(sessionOf(turn).history[0]?.content).toBe("my key is [redacted], keep it");
  });
});

describe("a turn that ends badly", () => {
  test.each([
    [
      "run_failed",
      [{ text: "Half" }, { fail: "the disk is full" }],
      /^the disk is full \[run [0-9a-f-]{36}\]; it had said: Half$/,
    ],
    ["run_blocked", [{ status: "blocked", message: "policy forbids it" }], /^policy forbids it \[run [0-9a-f-]{36}\]$/],
    ["run_timeout", [{ status: "timeout", message: "limit of 60 s" }], /^limit of 60 s \[run [0-9a-f-]{36}\]$/],
    ["run_cancelled", [{ status: "cancelled", message: "stopped by an admin" }], /^stopped by an admin \[run /],
  ])("%s, and the next one works", async (code, steps, message) => {
    const session = await host.open(parcel("chat"));
    const turn = await host.run(parcel("chat"), session, { kind: "chat", input: script(...steps) });
    expect(turn.error).toMatchObject({ code, number: -32000 });
    expect(turn.error?.message).toMatch(message);
    expect(kinds(turn)).not.toContain("done");
    expect(answerOf(await host.run(parcel("chat"), session, { kind: "chat", input: "again" }))).toMatch(
      /^You said: again/,
    );
    expect(server.cloud.stats()).toMatchObject({ runsActive: [], cancelsReceived: 0 });
  });

  test("TIMEOUT RUN is kept by us, a little before the host's own timer; the run is cancelled", async () => {
    const { runsStarted } = server.cloud.stats();
    const session = await host.open(parcel("hurried"));
    const input = { kind: "job", payload: script({ text: "thinking\n" }, { hang: true }) };
    const turn = await host.run(parcel("hurried"), session, input);
    expect(turn.error?.code).toBe("run_timeout");
    expect(turn.error?.message).toMatch(/^the time limit of the request was reached; the run was cancelled \[run /);
    expect(await (await server.run(runsStarted)).ended).toBe("cancelled");
    expect(server.cloud.stats().runsActive).toEqual([]);
  });

  test("time used by earlier turns counts against TIMEOUT RUN", async () => {
    const { createsReceived } = server.cloud.stats();
    const session = { ...(await host.open(parcel("hurried"))), elapsed_ms: 1000 };
    const turn = await host.run(parcel("hurried"), session, { kind: "job", payload: "x" });
    expect(turn.error).toEqual({
      code: "run_timeout",
      number: -32000,
      message: "the session's TIMEOUT RUN is used up; start a new session",
    });
    expect(server.cloud.stats().createsReceived).toBe(createsReceived);
  });
});
