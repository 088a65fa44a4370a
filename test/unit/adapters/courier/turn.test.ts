import { describe, expect, test } from "vitest";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { parcelDir } from "../../parcel/parcels.ts";
import { answerOf, Courier, ended, fails, hangs, NOW, RUN, says, sessionOf, stateOf, streamedOf } from "./harness.ts";

const CHAT = parcelDir("chat");
const HURRIED = parcelDir("hurried");
const DAY_MS = 24 * 60 * 60 * 1000;
const chat = (input: string) => ({ kind: "chat", input });

describe("the request to the core", () => {
  test("a chat has its input and the session's conversation", async () => {
    const courier = new Courier();
    const session = await courier.open(CHAT);
    await courier.run(CHAT, session, chat("hello"));
    expect(courier.request).toEqual({
      target: expect.objectContaining({ kind: "workload" }),
      operation: "chat",
      onApproval: "return",
      message: "hello",
      conversationId: session.id,
    });
  });

  test("the conversation in the session's state is used when there is one", async () => {
    const courier = new Courier();
    const session = { ...(await courier.open(CHAT)), backend_state: '{"v":1,"conversation_id":"older"}' };
    await courier.run(CHAT, session, chat("hello"));
    expect(courier.request.conversationId).toBe("older");
  });

  test.each([
    ["job", { kind: "job", payload: "day 1" }, { operation: "job", message: "day 1" }],
    ["heartbeat", { kind: "heartbeat", payload: "tick" }, { operation: "heartbeat", message: "tick" }],
    ["heartbeat", { kind: "heartbeat", payload: null }, { operation: "heartbeat" }],
    ["heartbeat", { kind: "heartbeat" }, { operation: "heartbeat" }],
  ])("a %s belongs to no conversation: %j", async (name, operation, expected) => {
    const courier = new Courier({ secret: (key) => `value of ${key}` });
    const session = await courier.open(parcelDir(name));
    await courier.run(parcelDir(name), session, operation);
    expect(courier.request).toEqual({ target: expect.anything(), onApproval: "return", ...expected });
  });

  test("the entrypoint is checked before any side effect; a parcel without one takes every kind of turn", async () => {
    const courier = new Courier();
    const session = await courier.open(CHAT);
    expect((await courier.run(CHAT, session, { kind: "job", payload: "x" })).error?.code).toBe("bad_request");
    expect(courier.asked).toEqual([]);
    const minimal = parcelDir("minimal");
    const open = await courier.open(minimal);
    for (const operation of [chat("x"), { kind: "job", payload: "x" }, { kind: "heartbeat" }]) {
      expect((await courier.run(minimal, open, operation)).error).toBeUndefined();
    }
  });
});

describe("the deadline of a turn", () => {
  test.each([
    ["without a limit, a day", parcelDir("minimal"), 0, DAY_MS],
    ["of 300 s, all but one", CHAT, 0, 299_000],
    ["of one second, all but a tenth", HURRIED, 0, 900],
    ["of one second with 600 ms used", HURRIED, 600, 360],
    ["of one second with 999 ms used", HURRIED, 999, 0.9],
  ])("%s", async (_, folder, elapsed_ms, budgetMs) => {
    const courier = new Courier();
    const session = { ...(await courier.open(folder)), elapsed_ms };
    await courier.run(folder, session, folder === HURRIED ? { kind: "job", payload: "x" } : chat("x"));
    expect((courier.asked[0]?.limits.deadline ?? 0) - NOW).toBeCloseTo(budgetMs, 3);
  });

  test.each([1000, 1001, 2 ** 53 - 1])("used up after %i ms: no run is requested", async (elapsed_ms) => {
    const courier = new Courier();
    const session = { ...(await courier.open(HURRIED)), elapsed_ms };
    const { error } = await courier.run(HURRIED, session, { kind: "job", payload: "x" });
    expect(error).toEqual({
      code: "run_timeout",
      number: -32000,
      message: "the session's TIMEOUT RUN is used up; start a new session",
    });
    expect(courier.asked).toEqual([]);
  });
});

describe("a turn", () => {
  test("ends with message, done and the session after it", async () => {
    const courier = new Courier();
    courier.plays.push(async function* play() {
      yield { type: "status", phase: "queued", run: RUN };
      yield { type: "text", text: "One, " };
      yield { type: "thinking", text: "hm" };
      yield { type: "tool_call", id: "t", name: "grep", arguments: "{}" };
      yield { type: "tool_result", id: "t", name: "grep", content: "3", isError: false };
      yield { type: "notice", level: "info", message: "n" };
      yield { type: "text", text: "two." };
      return ended("One, two.", { usage: { inputTokens: 3, outputTokens: 4 } });
    });
    const opened = await courier.open(CHAT);
    const turn = await courier.run(CHAT, opened, chat("count"));
    expect(turn.events.map(({ kind }) => kind)).toEqual([
      "text_delta",
      "tool_call_started",
      "tool_call_finished",
      "text_delta",
      "message",
      "done",
    ]);
    expect(answerOf(turn)).toEqual(["One, two."]);
    const session = sessionOf(turn);
    expect(session).toEqual({
      ...opened,
      turn_count: 1,
      history: [
        { role: "user", content: "count" },
        { role: "assistant", content: "One, two." },
      ],
      backend_state: session.backend_state,
    });
    expect(stateOf(session)).toEqual({
      v: 1,
      conversation_id: opened.id,
      deployment: { id: RUN.deploymentId, name: expect.stringMatching(/^field-notes-7f034b2e-/) },
      last_run: { run_id: RUN.runId, status: "completed", usage: { inputTokens: 3, outputTokens: 4 } },
    });
  });

  test("goes to the same deployment the next time", async () => {
    const courier = new Courier();
    const first = sessionOf(await courier.run(CHAT, await courier.open(CHAT), chat("one")));
    await courier.run(CHAT, first, chat("two"));
    expect(courier.request.target).toMatchObject({ kind: "workload", knownId: RUN.deploymentId });
  });

  test("on a named deployment does not remember it in the session", async () => {
    const courier = new Courier({ deployment: "11111111-1111-4111-8111-111111111111" });
    const session = sessionOf(await courier.run(CHAT, await courier.open(CHAT), chat("one")));
    expect(stateOf(session)).not.toHaveProperty("deployment");
  });

  test("without an answer says so", async () => {
    const courier = new Courier();
    courier.plays.push(says(""));
    const turn = await courier.run(CHAT, await courier.open(CHAT), chat("x"));
    expect(answerOf(turn)).toEqual(["(the run completed without an answer)"]);
    expect(streamedOf(turn)).toBe("(the run completed without an answer)");
  });

  test("writes jobs and heartbeats into the history as Dispatch's own couriers do", async () => {
    const courier = new Courier();
    const folder = parcelDir("heartbeat");
    const session = await courier.open(folder);
    const entry = async (payload: string | null) =>
      sessionOf(await courier.run(folder, session, { kind: "heartbeat", payload })).history[0]?.content;
    expect(await entry(null)).toBe("Heartbeat tick");
    expect(await entry("")).toBe("Heartbeat payload:\n");
    expect(await entry("x")).toBe("Heartbeat payload:\nx");
  });

  test("a session with a turn in progress refuses a second turn", async () => {
    const courier = new Courier();
    const session = await courier.open(CHAT);
    const started = new Promise<void>((resolve) => void courier.plays.push(hangs(resolve)));
    const first = courier.run(CHAT, session, chat("one"));
    await started;
    expect((await courier.run(CHAT, session, chat("two"))).error).toMatchObject({ code: "conflict" });
    await courier.onEnd("eof");
    expect((await first).error?.code).toBe("run_cancelled");
    expect(courier.asked).toHaveLength(1);
  });
});

describe("artifacts", () => {
  const artifacts = [{ id: "a-1", kind: "report", title: "Weekly", uri: "https://x.test/r" }];

  test("go into the folder the parcel mounts for them", async () => {
    const courier = new Courier();
    courier.plays.push(says("Done.", { artifacts }));
    const session = await courier.open(parcelDir("mounts"));
    const turn = await courier.run(parcelDir("mounts"), session, chat("x"));
    expect(courier.saved.map(({ folder }) => folder)).toEqual([`/state/artifacts/${session.id}`]);
    expect(answerOf(turn)).toEqual([`Done.\n\nArtifacts:\n- Weekly (report) — /state/artifacts/${session.id}/a-1`]);
    expect(streamedOf(turn)).toBe(answerOf(turn)[0]);
  });

  test("of a parcel without that mount are listed by URL and not downloaded", async () => {
    const courier = new Courier();
    courier.plays.push(says("Done.", { artifacts }));
    const turn = await courier.run(CHAT, await courier.open(CHAT), chat("x"));
    expect(courier.saved).toEqual([]);
    expect(answerOf(turn)).toEqual(["Done.\n\nArtifacts:\n- Weekly (report) — https://x.test/r"]);
  });
});

describe("a turn that fails", () => {
  test.each([
    ["failed", "run_failed"],
    ["blocked", "run_blocked"],
    ["cancelled", "run_cancelled"],
    ["timed_out", "run_timeout"],
  ] as const)(
    "after a run that ended as %s: the streamed text stays, then an error and no done",
    async (kind, code) => {
      const courier = new Courier();
      courier.plays.push(says("Half", { kind, error: { message: "because" } }));
      const turn = await courier.run(CHAT, await courier.open(CHAT), chat("x"));
      expect(turn.events).toEqual([{ kind: "text_delta", content: "Half" }]);
      expect(turn.error).toEqual({
        code,
        number: -32000,
        message: `because [run ${RUN.runId}]; it had said: Half`,
      });
    },
  );

  test("before a run exists has the failure unchanged", async () => {
    const courier = new Courier();
    courier.plays.push(fails(new ExecutionFailure("payment_required", "the organization has no credit left")));
    const turn = await courier.run(CHAT, await courier.open(CHAT), chat("x"));
    expect(turn).toEqual({
      events: [],
      error: { code: "payment_required", number: -32000, message: "the organization has no credit left" },
    });
  });
});

describe("a run that waits for a person", () => {
  const approvals = [{ id: "ap-1", tool: "deploy" }];
  const WAITING = `Half.\n\nThe run waits for an approval:\n- deploy\n\nDecide it with: seren-bridge approvals approve ${RUN.runId} (or reject), then send the next message.`;

  async function waiting() {
    const courier = new Courier();
    courier.plays.push(says("Half.", { kind: "awaiting_approval", approvals }));
    const turn = await courier.run(CHAT, await courier.open(CHAT), chat("go"));
    return { courier, turn, session: sessionOf(turn) };
  }

  test("ends the turn without an error and is remembered", async () => {
    const { turn, session } = await waiting();
    expect(answerOf(turn)).toEqual([WAITING]);
    expect(streamedOf(turn)).toBe(WAITING);
    expect(stateOf(session)).toMatchObject({
      pending: { run_id: RUN.runId },
      last_run: { run_id: RUN.runId, status: "awaiting_approval" },
    });
  });

  test("is followed first by the next turn, as a run of our own", async () => {
    const { courier, session } = await waiting();
    courier.plays.push(says("Half. Deployed."));
    const turn = await courier.run(CHAT, session, chat("thanks"));
    expect(courier.asked[1]?.request).toEqual({
      target: expect.anything(),
      attachTo: RUN.runId,
      owned: true,
      onApproval: "return",
    });
    expect(courier.request.message).toBe("thanks");
    expect(answerOf(turn)).toEqual(["Half. Deployed.\n\nok"]);
    expect(streamedOf(turn)).toBe("Half. Deployed.\n\nok");
    expect(stateOf(sessionOf(turn))).not.toHaveProperty("pending");
    expect(sessionOf(turn).history.slice(-2)).toEqual([
      { role: "user", content: "thanks" },
      { role: "assistant", content: "Half. Deployed.\n\nok" },
    ]);
  });

  test("holds back new input while it waits", async () => {
    const { courier, session } = await waiting();
    courier.plays.push(says("Half.", { kind: "awaiting_approval", approvals }));
    const turn = await courier.run(CHAT, session, chat("hurry"));
    expect(courier.asked).toHaveLength(2);
    expect(answerOf(turn)).toEqual([WAITING]);
    expect(stateOf(sessionOf(turn))).toMatchObject({ pending: { run_id: RUN.runId } });
  });

  test.each(["failed", "blocked", "cancelled", "timed_out"] as const)(
    "that ended as %s meanwhile is reported, and the session continues: otherwise every turn would fail like this",
    async (kind) => {
      const { courier, session } = await waiting();
      courier.plays.push(says("Half.", { kind, error: { message: "Not approved: deploy." } }));
      const turn = await courier.run(CHAT, session, chat("then not"));
      const said = "Half.\n\n(The run that waited for an approval ended: Not approved: deploy.)\n\nok";
      expect(answerOf(turn)).toEqual([said]);
      expect(streamedOf(turn)).toBe(said);
      expect(stateOf(sessionOf(turn))).not.toHaveProperty("pending");
    },
  );

  test("that the service no longer knows is reported, and the session continues", async () => {
    const { courier, session } = await waiting();
    courier.plays.push(fails(new ExecutionFailure("not_found", "Run not found")));
    const turn = await courier.run(CHAT, session, chat("hello?"));
    expect(answerOf(turn)).toEqual([
      "(The run that waited for an approval is not known to Seren Cloud any more.)\n\nok",
    ]);
    expect(stateOf(sessionOf(turn))).not.toHaveProperty("pending");
  });

  test("is kept when the service cannot be reached", async () => {
    const { courier, session } = await waiting();
    courier.plays.push(fails(new ExecutionFailure("unavailable", "down")));
    expect((await courier.run(CHAT, session, chat("hello?"))).error?.code).toBe("unavailable");
    expect(courier.asked, "the new input was not sent either").toHaveLength(2);
  });

  test("is cancelled when the host exits while it is followed; the new input is not sent", async () => {
    const { courier, session } = await waiting();
    const started = new Promise<void>((resolve) => void courier.plays.push(hangs(resolve)));
    const turn = courier.run(CHAT, session, chat("x"));
    await started;
    await courier.onEnd("signal");
    expect((await turn).error?.code).toBe("run_cancelled");
    expect(courier.asked).toHaveLength(2);
  });
});
