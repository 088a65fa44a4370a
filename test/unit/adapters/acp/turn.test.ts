/** A turn in virtual time, against a run that the test plays. */
import { expect, test } from "vitest";
import type { SessionUpdate } from "#protocols/acp";
import { createAcpAgent } from "../../../../src/adapters/acp/index.ts";
import {
  type ApprovalDesk,
  type Checkpoint,
  type Execute,
  generalAgentTarget,
  type Outcome,
  RunRegistry,
  type RunRequest,
} from "../../../../src/core/index.ts";
import type { MethodContext } from "../../../../src/stdio/index.ts";
import { sleep } from "../../../../src/support/ambient.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const RUN = { runId: "11111111-1111-4111-8111-111111111111", deploymentId: "d" };
const NEXT = { ...RUN, runId: "22222222-2222-4222-8222-222222222222" };
const SESSION = "33333333-3333-4333-8333-333333333333";
const CHECKPOINT: Checkpoint = { run: RUN, checkpointId: "cp", requests: [{ id: "ap-1", tool: "deploy", args: {} }] };
const ended = (text: string, run = RUN): Outcome => ({ kind: "completed", run, text, artifacts: [], approvals: [] });

type Desk = Pick<ApprovalDesk, "checkpoint" | "decide">;
const noDesk: Desk = {
  checkpoint: () => Promise.reject(new Error("none")),
  decide: () => Promise.reject(new Error("none")),
};

/** An agent with one session, and what its client is told. */
function start(play: (ambient: VirtualAmbient, requests: RunRequest[]) => Execute, desk: Desk = noDesk) {
  const ambient = new VirtualAmbient(7, { startMs: 0 });
  const requests: RunRequest[] = [];
  const execute = play(ambient, requests);
  const redactor = createRedactor();
  const registry = new RunRegistry(async () => execute, ambient, { redactor });
  const agent = createAcpAgent({
    version: "1.2.3",
    isInitialized: true,
    registry,
    ambient,
    log: silentLog,
    redactor,
    agents: [{ name: "seren-agent", description: "A general agent." }],
    target: () => generalAgentTarget(),
    renewKey: () => undefined,
    requireKey: async () => undefined,
    approvals: async () => desk,
    asksPeople: true,
    warmUp: () => undefined,
  });
  const updates: SessionUpdate[] = [];
  const questions: object[] = [];
  const wire = {
    notify: async (_: string, params: object) => {
      updates.push((params as { update: SessionUpdate }).update);
    },
    request: async (_: string, params: object) => {
      questions.push(params);
      return { outcome: { outcome: "selected", optionId: "allow" } } as never;
    },
  };
  const context = (signal = new AbortController().signal): MethodContext => ({
    wire,
    signal,
    afterReply: () => undefined,
    endAfterReply: () => undefined,
  });
  void agent.methods["session/resume"]?.({ sessionId: SESSION }, context());
  const prompt = async () =>
    agent.methods["session/prompt"]?.({ sessionId: SESSION, prompt: [{ type: "text", text: "hi" }] }, context());
  const cancel = () => void agent.notifications["session/cancel"]?.({ sessionId: SESSION }, { wire });
  return { ambient, requests, updates, questions, prompt, cancel };
}

const textOf = (updates: SessionUpdate[], kind: "agent_message_chunk" | "agent_thought_chunk") =>
  updates.map((update) => (update.sessionUpdate === kind ? update.content.text : "")).join("");

test("a decision that goes on in another run: that run is followed as ours, and the message has no text twice", async () => {
  const decided: unknown[] = [];
  const { ambient, requests, updates, prompt } = start(
    (clock, seen) =>
      async function* (request) {
        seen.push(request);
        if (request.attachTo !== undefined) {
          yield { type: "status", phase: "running", run: NEXT };
          yield { type: "text", text: "Hello " };
          yield { type: "text", text: "world" };
          return ended("Hello world", NEXT);
        }
        yield { type: "status", phase: "queued", run: RUN };
        yield { type: "text", text: "Hello " };
        yield { type: "approval_wait", approvals: CHECKPOINT.requests };
        await sleep(clock, 5_000);
        return ended("Hello ");
      },
    {
      checkpoint: async () => CHECKPOINT,
      decide: async (shown, decisionOf) => {
        decided.push([shown.checkpointId, decisionOf("ap-1")]);
        return NEXT;
      },
    },
  );
  const result = await ambient.runUntil(prompt());
  expect(result).toMatchObject({ stopReason: "end_turn", _meta: { "seren-bridge/run": { runId: NEXT.runId } } });
  expect(textOf(updates, "agent_message_chunk")).toBe("Hello world");
  expect(requests).toMatchObject([
    { conversationId: SESSION, onApproval: "wait" },
    { attachTo: NEXT.runId, owned: true, onApproval: "wait" },
  ]);
  expect(decided).toEqual([["cp", "approve"]]);
});

test("a phase is said after three seconds, once, and not when it is over by then", async () => {
  const { ambient, updates, prompt } = start(
    (clock) =>
      async function* () {
        yield { type: "status", phase: "queued", run: RUN };
        await sleep(clock, 2_900);
        yield { type: "status", phase: "reconnecting" };
        await sleep(clock, 3_100);
        yield { type: "status", phase: "running" };
        yield { type: "status", phase: "reconnecting" };
        await sleep(clock, 60_000);
        return ended("");
      },
  );
  await ambient.runUntil(prompt());
  expect(textOf(updates, "agent_thought_chunk").trim()).toMatch(/^The connection to Seren Cloud was lost[^.]*\.$/);
});

test("a cancelled turn is answered within two seconds though its run takes an hour, and is silent afterwards", async () => {
  const { ambient, updates, prompt, cancel } = start(
    (clock) =>
      async function* () {
        yield { type: "status", phase: "queued", run: RUN };
        yield { type: "tool_call", id: "c1", name: "grep", arguments: "" };
        await sleep(clock, 3_600_000);
        yield { type: "text", text: "late" };
        return ended("late");
      },
  );
  const turn = prompt();
  await ambient.advance(1_000);
  cancel();
  const before = ambient.now();
  expect(await ambient.runUntil(turn)).toEqual({ stopReason: "cancelled" });
  expect(ambient.now() - before).toBeLessThan(2_000);
  expect(updates.map(({ sessionUpdate }) => sessionUpdate)).toEqual(["tool_call", "tool_call_update"]);
  await ambient.advance(4_000_000);
  expect(updates).toHaveLength(2);
  expect(await ambient.runUntil(Promise.resolve("idle"))).toBe("idle");
});

test("the time limit is an error that says so", async () => {
  const { ambient, prompt } = start(
    () =>
      async function* () {
        yield { type: "status", phase: "queued", run: RUN };
        const message = "the time limit of the request was reached; the run was cancelled";
        return { ...ended("so far"), kind: "timed_out", stoppedBy: "deadline", error: { message } };
      },
  );
  await expect(ambient.runUntil(prompt())).rejects.toThrow(
    `time limit of the request was reached; the run was cancelled [run ${RUN.runId}]`,
  );
});

test("calls that are never closed are bounded: the oldest end as failed, and every card ends with the turn", async () => {
  const { ambient, updates, prompt } = start(
    () =>
      async function* () {
        for (let call = 0; call < 2_000; call += 1)
          yield { type: "tool_call", id: `c${call % 1_000}`, name: "x", arguments: "" };
        return ended("");
      },
  );
  await ambient.runUntil(prompt());
  const ids = (kind: string) =>
    updates.flatMap((update) => (update.sessionUpdate === kind && "toolCallId" in update ? [update.toolCallId] : []));
  expect(new Set(ids("tool_call")).size).toBe(2_000);
  expect(ids("tool_call_update")).toEqual(ids("tool_call"));
});
