/** The end of a run that a service drags out: the request is over when it has to be. */
import { expect, test } from "vitest";
import { Canceller } from "../../../../src/core/cancel/canceller.ts";
import type { ExecutionEvent, Outcome } from "../../../../src/core/index.ts";
import { createExecute } from "../../../../src/core/run/run-session.ts";
import { SerenClient } from "../../../../src/seren/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { data, FakeTransport } from "../../../support/in-process/fake-transport.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { RUN, record, state, text } from "../../seren/follow/rows.ts";

const TOO_LARGE = new ExecutionFailure("contract", "too large", { details: { tooLarge: true, status: 200 } });
const DEADLINE_MS = 60_000;

function rig() {
  const ambient = new VirtualAmbient(1);
  const transport = new FakeTransport(ambient);
  const client = new SerenClient(transport, ambient);
  const execute = createExecute({ client, canceller: new Canceller(client, silentLog), log: silentLog });
  const ended = data(state({ status: "completed", terminal: true, latest_sequence: 1_000_000 }));
  transport
    .on("GET /runs/*", () => data(record({ status: "completed", output: "o", output_events: null })))
    .on("GET /runs/*/state", () => ended)
    .on("GET /runs/*/artifacts", () => data([]))
    .on("POST /runs/*/cancel", () => ended)
    .onStream("GET /runs/*/stream", () => ({ steps: ["event: end\ndata: {}\n\n"] }));
  const follow = async () => {
    const began = ambient.now();
    const limits = { signal: new AbortController().signal, deadline: began + DEADLINE_MS };
    const events: ExecutionEvent[] = [];
    const pull = async (): Promise<Outcome> => {
      const run = execute(
        { target: { kind: "deployment", deploymentId: "d", named: "n" }, attachTo: RUN, onApproval: "wait" },
        limits,
      );
      for (;;) {
        const step = await run.next();
        if (step.done) return step.value;
        events.push(step.value);
      }
    };
    const outcome = await ambient.runUntil(pull());
    return { outcome, events, tookMs: ambient.now() - began };
  };
  return { transport, follow };
}

const page = (from: number) =>
  data(
    Array.from({ length: 500 }, (_, index) => text(from + index, "x")),
    { hasMore: true },
  );

test("a log that shows the same page for ever is read a few times", async () => {
  const { transport, follow } = rig();
  transport.on("GET /runs/*", () => TOO_LARGE).on("GET /runs/*/events", () => ({ ...page(0), afterMs: 1 }));
  const { outcome } = await follow();
  expect(outcome.kind).toBe("completed");
  expect(transport.to("GET /runs/*/events").length).toBeLessThan(20);
});

test("a log that never ends is left soon after the deadline", async () => {
  const { transport, follow } = rig();
  transport
    .on("GET /runs/*", () => TOO_LARGE)
    .on("GET /runs/*/events", ({ query }) => ({ ...page(Number(query.get("offset"))), afterMs: 100 }));
  const { outcome, events, tookMs } = await follow();
  expect(outcome).toMatchObject({ kind: "completed", cut: "log" });
  expect(events).toContainEqual(expect.objectContaining({ message: "the end of the answer could not be read" }));
  expect(tookMs).toBeLessThan(DEADLINE_MS + 15_000);
});

test("artifacts that are never listed do not delay the answer for minutes", async () => {
  const { transport, follow } = rig();
  transport.on("GET /runs/*/artifacts", () => ({ afterMs: Infinity }));
  const { outcome, tookMs } = await follow();
  expect(outcome).toMatchObject({ kind: "completed", text: "o" });
  expect(tookMs).toBeLessThan(20_000);
});

test("artifacts beyond the first page are not left out without a word", async () => {
  const { transport, follow } = rig();
  const rows = Array.from({ length: 200 }, (_, id) => ({ id: `a${id}`, artifact_type: "t", payload: {} }));
  transport.on("GET /runs/*/artifacts", () => ({ body: { data: rows, pagination: { has_more: true } } }));
  const { outcome, events } = await follow();
  expect(outcome.artifacts).toHaveLength(200);
  expect(events).toContainEqual(
    expect.objectContaining({ message: "the run has more than 200 artifacts; the others are left out" }),
  );
});

test("a listing of 20,000 artifacts leaves 1,000, and says so", async () => {
  const { transport, follow } = rig();
  const rows = Array.from({ length: 20_000 }, (_, id) => ({ id: `a${id}`, artifact_type: "t", payload: {} }));
  transport.on("GET /runs/*/artifacts", () => data(rows));
  const { outcome, events } = await follow();
  expect(outcome.artifacts).toHaveLength(1_000);
  expect(events).toContainEqual(
    expect.objectContaining({ message: "the run has more than 1000 artifacts; the others are left out" }),
  );
});
