/** A courier turn whose run waits for a person, across turns and processes of the built file. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLEAN_EXIT, type RegisterCleanup } from "../support/child-process/child.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel, sessionOf, streamedOf } from "../support/child-process/courier-host.ts";
import { decide } from "../support/child-process/decide.ts";

const CHAT = parcel("chat");
const WAITS = script(
  { text: "I need to deploy.\n" },
  { approve: "deploy", reason: "changes production" },
  { text: "Deployed." },
);

let server: Cloud;
let host: CourierHost;
let runs = 0;
const over: Parameters<RegisterCleanup>[0][] = [];
const whenOver: RegisterCleanup = (run) => void over.unshift(run);
beforeAll(async () => {
  server = await startCloud({}, whenOver);
  host = new CourierHost({ env: server.env, whenOver });
});
afterAll(async () => {
  for (const run of over) await run();
});

/** A turn that ended with a run that waits. */
async function waiting(asked = host) {
  const turn = await asked.run(CHAT, await asked.open(CHAT), { kind: "chat", input: WAITS });
  const { runId } = await server.run(runs);
  runs += 1;
  return { turn, runId, session: sessionOf(turn) };
}

const stateOf = (session: { backend_state: string | null }): unknown => JSON.parse(session.backend_state ?? "null");

test("the turn ends with what is to be decided and how; the run is left waiting, also after the process", async () => {
  const first = new CourierHost({ env: server.env });
  const { turn, runId, session } = await waiting(first);
  const said =
    "I need to deploy.\n\nThe run waits for an approval:\n- deploy: changes production\n\n" +
    `Decide it with: seren-bridge approvals approve ${runId} (or reject), then send the next message.`;
  expect(answerOf(turn)).toBe(said);
  expect(streamedOf(turn)).toBe(said);
  expect(stateOf(session)).toMatchObject({ pending: { run_id: runId } });
  await first.ask("shutdown");
  expect(await first.child.exited).toEqual(CLEAN_EXIT);
  expect(server.cloud.stats()).toMatchObject({ createsReceived: 1, runsActive: [runId], cancelsReceived: 0 });

  // The next process finds the run still waiting, reports it again, and sends nothing new.
  const again = await host.run(CHAT, session, { kind: "chat", input: "and now?" });
  expect(answerOf(again)).toBe(said);
  expect(stateOf(sessionOf(again))).toMatchObject({ pending: { run_id: runId } });
  expect(server.cloud.stats()).toMatchObject({ createsReceived: 1, runsActive: [runId], cancelsReceived: 0 });

  await decide(server, runId, "approve");
  const last = await host.run(CHAT, sessionOf(again), { kind: "chat", input: "thanks" });
  runs += 1;
  expect(answerOf(last)).toMatch(/^I need to deploy\.\nDeployed\.\n\nYou said: thanks\n/);
  expect(streamedOf(last)).toBe(answerOf(last));
  expect(last.events.filter(({ kind }) => kind === "message")).toHaveLength(1);
  expect(stateOf(sessionOf(last))).not.toHaveProperty("pending");
  expect(server.cloud.stats()).toMatchObject({ createsReceived: 2, runsActive: [], deploymentsCreated: 1 });
});

test("once it is rejected, the turn reports it and the session continues", async () => {
  const { runId, session } = await waiting();
  await decide(server, runId, "reject");
  const turn = await host.run(CHAT, session, { kind: "chat", input: "then not" });
  runs += 1;
  expect(answerOf(turn)).toMatch(
    /^I need to deploy\.\n\n\(The run that waited for an approval ended: Not approved: deploy\.\)\n\nYou said: then not\n/,
  );
  expect(stateOf(sessionOf(turn))).not.toHaveProperty("pending");
});

test("if the service does not know it, the turn reports it and the session continues", async () => {
  const opened = await host.open(CHAT);
  const pending = { run_id: "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11" };
  const session = { ...opened, backend_state: JSON.stringify({ v: 1, conversation_id: opened.id, pending }) };
  const turn = await host.run(CHAT, session, { kind: "chat", input: "hello?" });
  runs += 1;
  expect(answerOf(turn)).toMatch(
    /^\(The run that waited for an approval is not known to Seren Cloud any more\.\)\n\nYou said: hello\?\n/,
  );
  expect(streamedOf(turn)).toBe(answerOf(turn));
});
