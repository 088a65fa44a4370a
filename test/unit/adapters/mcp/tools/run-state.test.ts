/** Whatever a run holds, its result fits its schema, stays below the strictest client's limit, and says the same in both forms. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { RUN_OUTPUT } from "../../../../../src/adapters/mcp/tools/output-schemas.ts";
import { roomForText, runResult, runState } from "../../../../../src/adapters/mcp/tools/run-state.ts";
import { type Outcome, type RunReport, redactedReport } from "../../../../../src/core/index.ts";
import { createRedactor } from "../../../../../src/support/redact.ts";

const RUN = {
  runId: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f",
  deploymentId: "d",
  url: `https://seren.example/${"r".repeat(200)}`,
};
const fits = new Ajv2020({ strict: true }).compile(RUN_OUTPUT);
const QUOTES = '"\\\n\u0001'.repeat(300_000);

const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  kind: "completed",
  run: RUN,
  text: "",
  artifacts: [],
  approvals: [],
  ...more,
});
const report = (more: Partial<RunReport> = {}): RunReport => ({
  run: RUN,
  phase: "running",
  text: "",
  cursor: 3,
  more: false,
  approvals: [],
  ...more,
});

const WORST: [string, RunReport][] = [
  ["a long live text", report({ text: QUOTES })],
  [
    "long approvals",
    report({
      phase: "awaiting_approval",
      text: QUOTES,
      approvals: Array.from({ length: 100 }, (_, index) => ({ id: QUOTES + index, tool: QUOTES, reason: QUOTES })),
    }),
  ],
  [
    "everything long at the end",
    report({
      text: QUOTES,
      more: true,
      outcome: outcome({
        kind: "failed",
        text: QUOTES,
        error: { message: QUOTES },
        artifacts: Array.from({ length: 100 }, () => ({ id: QUOTES, kind: QUOTES, title: QUOTES, sizeBytes: 1 })),
        usage: { inputTokens: 1, outputTokens: 2, computeUsd: QUOTES, inferenceUsd: QUOTES },
      }),
    }),
  ],
  ["a long address", report({ run: { ...RUN, url: `https://seren.example/${QUOTES}` } })],
  ["lone surrogates", report({ text: "\ud800".repeat(50_000), outcome: outcome({ text: "\udfff".repeat(50_000) }) })],
];

describe.each(WORST)("%s", (_, worst) => {
  const result = runResult(runState(worst, undefined), { era: "stateless", canAsk: false, hasTasks: false });

  test("stays small", () => expect(JSON.stringify(result).length).toBeLessThan(32_000));

  test("fits its schema", () => {
    const sent = JSON.parse(JSON.stringify(result.structuredContent));
    expect(fits(sent), JSON.stringify(fits.errors)).toBe(true);
    expect(JSON.stringify(sent).isWellFormed()).toBe(true);
  });

  test("says in the text what the structured form says", () => {
    const { answer, text, error, next } = result.structuredContent;
    const [block] = result.content;
    for (const said of [answer ?? text, error ?? "", next]) expect(block?.text).toContain(said);
  });
});

test("what is left out of many approvals is said", () => {
  const approvals = Array.from({ length: 100 }, (_, index) => ({ id: `${index}`, tool: `tool-${index}` }));
  const { next } = runState(report({ phase: "awaiting_approval", approvals }), undefined);
  expect(next).toContain("tool-4 and 95 more waits for a person");
});

test("an answer of 14,000 characters is whole", () => {
  const text = "a".repeat(14_000);
  const state = runState(report({ text: "", outcome: outcome({ text }) }), undefined);
  expect([state.answer, state.truncated]).toEqual([text, undefined]);
  expect(roomForText(outcome({ text }))).toBeGreaterThan(1_000);
});

test("no part of a secret is left where a text is cut", () => {
  const redactor = createRedactor();
  const secret = "the-secret-of-a-parcel-0123456789";
  redactor.add(secret);
  for (let shift = 0; shift < secret.length; shift += 1) {
    const text = "x".repeat(13_000 - shift) + secret + "y".repeat(100);
    const { text: shown, answer = "" } = runState(
      redactedReport(report({ text, outcome: outcome({ text: `${text}${"z".repeat(2_000)}` }) }), redactor),
      undefined,
    );
    for (const one of [shown, answer]) expect(one).not.toContain("secret-of");
  }
});

test("a run that our deadline stopped has timed out, whatever the record says", () => {
  const own = {
    temporaryId: "t",
    agentType: "a",
    runIds: new Set<string>(),
    phase: "running",
    ended: true,
    stoppedBy: "deadline",
    named: Promise.resolve(),
  } as const;
  expect(runState(report({ outcome: outcome({ kind: "cancelled" }) }), own).status).toBe("timed_out");
});
