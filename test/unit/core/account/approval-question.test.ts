/** Only a clear decision decides, once, about exactly what was shown. */
import { describe, expect, test } from "vitest";
import { ApprovalQuestions } from "../../../../src/core/account/approval-question.ts";
import type { ApprovalDesk } from "../../../../src/core/account/approvals.ts";
import { type ApprovalRequest, type Checkpoint, RequestsChanged } from "../../../../src/core/account/checkpoint.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";

const RUN = { runId: "1f3c0000-0000-4000-8000-000000000001", deploymentId: "d" };
const request = (more: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  id: "a",
  tool: "pay",
  reason: "rent",
  args: {},
  argsText: '{"cents":12345678901234567890}',
  ...more,
});
const checkpoint = (requests = [request()], checkpointId = "c1"): Checkpoint => ({ run: RUN, requests, checkpointId });

class Desk implements Pick<ApprovalDesk, "checkpoint" | "decide"> {
  now: Checkpoint | ExecutionFailure = checkpoint();
  readonly decisions: [string, string][] = [];
  async checkpoint() {
    if (this.now instanceof ExecutionFailure) throw this.now;
    return this.now;
  }
  async decide(shown: Checkpoint, decisionOf: (id: string) => "approve" | "reject") {
    if (this.now instanceof ExecutionFailure) throw this.now;
    if (this.now !== shown) throw new RequestsChanged(this.now);
    this.decisions.push([shown.checkpointId, shown.requests.map(({ id }) => decisionOf(id)).join()]);
    return RUN;
  }
}

function setUp() {
  const desk = new Desk();
  return { desk, questions: new ApprovalQuestions(async () => desk) };
}

test("all requests are one question, whole, with the digits of the arguments", async () => {
  const { desk, questions } = setUp();
  desk.now = checkpoint([request(), request({ id: "b", tool: "mail", argsText: undefined })]);
  const question = await questions.look(RUN.runId);
  expect(question?.text).toBe(
    'tool    pay\nreason  rent\nargs    {\n          "cents": 12345678901234567890\n        }\n\ntool    mail\nreason  rent\nargs    (none)',
  );
  expect(question?.isPlain).toBe(true);
});

test.each([
  ["tool", request({ tool: "pay\u200b" })],
  ["reason", request({ reason: "x\ny" })],
  ["a value", request({ argsText: '{"a":["\\u202e"]}' })],
  ["a name", request({ argsText: '{"a\\u0000":1}' })],
  ["a run of blanks", request({ argsText: JSON.stringify({ a: " ".repeat(500) }) })],
])("characters that do not show in %s are noticed", async (_, hidden) => {
  const { desk, questions } = setUp();
  desk.now = checkpoint([hidden]);
  expect((await questions.look(RUN.runId))?.isPlain).toBe(false);
});

describe("asking", () => {
  test.each([
    ["approve", "approved"],
    ["reject", "rejected"],
  ] as const)("%s decides, and the question is not asked again", async (decision, asked) => {
    const { desk, questions } = setUp();
    expect(await questions.ask(RUN.runId, async () => decision)).toBe(asked);
    expect(desk.decisions).toEqual([["c1", decision]]);
    expect(await questions.ask(RUN.runId, () => expect.fail("asked twice"))).toBe("undecided");
    expect(desk.decisions).toHaveLength(1);
  });

  test("no answer decides nothing, and is final for this process", async () => {
    const { desk, questions } = setUp();
    expect(await questions.ask(RUN.runId, async () => undefined)).toBe("undecided");
    expect(await questions.ask(RUN.runId, async () => "approve")).toBe("undecided");
    expect(desk.decisions).toEqual([]);
  });

  test("what changed while it was shown is shown anew", async () => {
    const { desk, questions } = setUp();
    const other = checkpoint([request({ tool: "pay_all" })]);
    const shown: string[] = [];
    const asked = await questions.ask(RUN.runId, async ({ checkpoint: { requests } }) => {
      shown.push(...requests.map(({ tool }) => tool));
      desk.now = other;
      return "approve";
    });
    expect(asked).toBe("approved");
    expect(shown).toEqual(["pay", "pay_all"]);
    expect(desk.decisions).toEqual([["c1", "approve"]]);
  });

  test("a run that does not wait is no question; one that cannot be read is a failure", async () => {
    const { desk, questions } = setUp();
    desk.now = new ExecutionFailure("conflict", "it does not wait");
    expect(await questions.ask(RUN.runId, () => expect.fail("asked"))).toBe("undecided");
    desk.now = new ExecutionFailure("contract", "it cannot be read");
    await expect(questions.ask(RUN.runId, () => expect.fail("asked"))).rejects.toThrow("it cannot be read");
  });

  test("one question is decided once, however often the decision is repeated", async () => {
    const { desk, questions } = setUp();
    const question = await questions.look(RUN.runId);
    if (!question) throw new Error("no question");
    expect(await Promise.all([questions.decide(question, "approve"), questions.decide(question, "approve")])).toEqual([
      true,
      false,
    ]);
    expect(desk.decisions).toHaveLength(1);
  });
});
