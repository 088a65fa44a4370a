import { describe, expect, test } from "vitest";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import type { Reply } from "../../../support/in-process/fake-transport.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { DEPLOYMENT, RUN, record } from "../follow/rows.ts";
import { clientHarness } from "./harness.ts";

/** The failure of one look at a run that is answered so. */
async function failureOf(reply: Reply): Promise<ExecutionFailure> {
  const { ambient, transport, client } = clientHarness();
  transport.on("GET /runs/*", () => reply).on("GET /runs/*/state", () => ({ status: 404 }));
  const failure = await ambient.runUntil(
    client.getRun(RUN, { ...PATIENT, attempts: 1 }).catch((error: unknown) => error),
  );
  if (failure instanceof ExecutionFailure) return failure;
  throw new Error(`no failure but ${JSON.stringify(failure)}`);
}

describe("the envelope", () => {
  test.each<[string, unknown]>([
    ["plain", { data: record() }],
    ["with pagination null", { data: record(), pagination: null }],
    ["with pagination this version cannot read", { data: record(), pagination: { next_cursor: "x" } }],
    ["with members unheard of", { data: record({ new_member: [1] }), meta: { a: 1 } }],
    ["inside a gateway's, as an object", { data: { status: 200, body: { data: record(), pagination: null } } }],
    ["inside a gateway's, as text", { data: { status: 200, body: JSON.stringify({ data: record() }) } }],
    ["inside a gateway's, bare", { data: { status: 200, body: record() } }],
    [
      "inside a gateway's, bare and as text",
      { data: { body: JSON.stringify(record()), status: 200 }, pagination: null },
    ],
    ["spread over lines", JSON.stringify({ data: { status: 200, body: record() } }, null, 2)],
  ])("is opened: %s", async (_, body) => {
    const { transport, client } = clientHarness();
    transport.on("GET /runs/*", () => ({ body }));
    expect(await client.getRun(RUN, PATIENT)).toMatchObject({ id: RUN, status: "running" });
  });

  test.each<[string, Reply]>([
    ["an empty body", { body: "" }],
    ["204", { status: 204, body: "" }],
    ["JSON cut in the middle", { body: JSON.stringify({ data: record() }).slice(0, -3) }],
    ["null", { body: "null" }],
    ["a bare record", { body: record() }],
    ["null inside", { body: { data: null } }],
    ["a list inside", { body: { data: [record()] } }],
    ["the record of another run", { body: { data: record({ id: "../x" }) } }],
    ["a gateway's with text that is no JSON", { body: { data: { status: 200, body: "oops" } } }],
    ["a gateway's with nothing", { body: { data: { status: 200, body: null } } }],
  ])("%s is a contract failure that says what it was about", async (_, reply) => {
    expect(await failureOf(reply)).toMatchObject({
      kind: "contract",
      message: "Seren Cloud's answer about the run is not one this version can read",
      details: { status: reply.status ?? 200 },
    });
  });

  test("a gateway's wrapped status counts", async () => {
    expect(await failureOf({ body: { data: { status: 404, body: { error: "gone" } } } })).toMatchObject({
      kind: "not_found",
      details: { status: 404 },
    });
    expect(await failureOf({ body: { data: { status: 502, body: "<html>" } } })).toMatchObject({ kind: "unavailable" });
    expect(await failureOf({ body: { data: { status: 402, body: { currentBalance: "0.01" } } } })).toMatchObject({
      kind: "payment_required",
      message: expect.stringContaining("available 0.01"),
    });
  });

  test("a run whose status is a word is not taken for a gateway's", async () => {
    const { transport, client } = clientHarness();
    transport.on("POST /deployments/*/runs", () => ({
      status: 202,
      body: { data: { status: "queued", run_id: RUN } },
    }));
    expect(await client.createRun(DEPLOYMENT, {})).toMatchObject({ httpStatus: 202, invocation: { runId: RUN } });
  });
});

test("no HTML page reaches a message", async () => {
  for (const status of [400, 404, 500, 502]) {
    expect((await failureOf({ status, body: "<html><h1>Bad Gateway</h1></html>" })).message).not.toMatch(/[<>]|Bad/);
  }
});
