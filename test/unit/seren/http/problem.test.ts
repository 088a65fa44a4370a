import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRetryAfter, readMessage, STARTING, toFailure } from "../../../../src/seren/http/problem.ts";
import type { FailureKind } from "../../../../src/support/failure.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const ambient = new VirtualAmbient(1);
const failure = (status: number, body: unknown = "", headers: Record<string, string> = {}) =>
  toFailure(
    { status, headers, body: typeof body === "string" ? body : JSON.stringify(body) },
    { subject: "the run", ambient, ifKeyRefused: "look at it" },
  );

describe("the status decides the kind", () => {
  test.each<[number, FailureKind, string]>([
    [400, "invalid_input", "Seren Cloud refused the request"],
    [401, "unauthorized", "Seren Cloud did not accept the API key; look at it"],
    [402, "payment_required", "Seren Cloud asks for payment; add credit to the organization and try again"],
    [403, "forbidden", "Seren Cloud does not allow this"],
    [404, "not_found", "the run was not found on Seren Cloud"],
    [408, "unavailable", "Seren Cloud gave up waiting for the request"],
    [409, "conflict", "Seren Cloud reports a conflict"],
    [418, "contract", "Seren Cloud answered HTTP 418, which seren-bridge does not know"],
    [422, "invalid_input", "Seren Cloud refused the request"],
    [429, "rate_limited", "Seren Cloud's rate limit was reached"],
    [410, "contract", "Seren Cloud answered HTTP 410, which seren-bridge does not know"],
    [500, "unavailable", "Seren Cloud is not available right now (HTTP 500)"],
    [501, "unsupported", "Seren Cloud does not offer this yet"],
    [502, "unavailable", "Seren Cloud is not available right now (HTTP 502)"],
    [503, "unavailable", "Seren Cloud is not available right now (HTTP 503)"],
    [599, "unavailable", "Seren Cloud is not available right now (HTTP 599)"],
  ])("%i is %s", (status, kind, message) => {
    expect(failure(status)).toMatchObject({ kind, message, details: { status } });
  });

  test("only a 504 says that the service may still be working on it", () => {
    expect(failure(504).details.overdue).toBe(true);
    expect(failure(503).details.overdue).toBeUndefined();
  });
});

describe("the message is found in every shape of body", () => {
  test.each([
    ["code and message", { error: "BadRequest", message: "cron_schedule is required" }, "cron_schedule is required"],
    ["message", { message: "not good" }, "not good"],
    ["detail", { detail: "not good" }, "not good"],
    ["error", { error: "not good" }, "not good"],
    ["OAuth-like", { error: "invalid_token", error_description: "expired" }, "expired"],
    ["error_message", { error_message: "not good" }, "not good"],
    ["title", { title: "not good", type: "about:blank" }, "not good"],
    ["reason", { reason: "not good" }, "not good"],
    [
      "geo restriction",
      { error: "geo", message: "not from here", publisher: "seren-cloud", proxy_region: "eu", opt_in_endpoint: "/x" },
      "not from here",
    ],
    [
      "ambiguous connection",
      { error: "ambiguous", message: "choose one", provider_id: "p", connections: [{ id: 1 }] },
      "choose one",
    ],
    ["error inside error", { error: { error: { code: 7, message: "deep" } } }, "deep"],
    ["an empty message before a real one", { message: "  ", detail: "real" }, "real"],
    ["an empty error object before a title", { error: {}, title: "real" }, "real"],
    ["plain text", "Deployment is stopped", "Deployment is stopped"],
    ["a JSON string", JSON.stringify("Deployment is stopped"), "Deployment is stopped"],
    ["plain text with a byte-order mark", "\ufeffDeployment is stopped\n", "Deployment is stopped"],
    ["several lines", { message: "one\r\n  two\tthree\u2028four" }, "one two three four"],
    ["control characters", { message: "a\u001b[31mred\u0000\u009b!\u202eb" }, "a [31mred !b"],
    ["half a character", { message: "x \ud83d y" }, "x \ufffd y"],
  ])("%s", (_, body, said) => {
    expect(failure(400, body).message).toBe(`Seren Cloud refused the request: ${said}`);
  });

  test.each([
    ["nothing", ""],
    ["blanks", " \n "],
    ["null", "null"],
    ["a number", "17"],
    ["a list", JSON.stringify(["a"])],
    ["an empty object", "{}"],
    ["members of other types", { message: 5, detail: ["x"], error: [1], title: {} }],
    ["HTML", "<html><body><h1>502 Bad Gateway</h1></body></html>"],
    ["HTML after blanks", "\n\n  <!DOCTYPE html>\n<html>"],
    ["HTML after a byte-order mark", "\ufeff<html>"],
    ["text that turns into HTML", "upstream error <center><h1>Bad</h1></center>"],
    ["HTML inside JSON", { message: "<!doctype html><p>no</p>" }],
    ["a tag inside JSON", { message: 'x <img src="http://evil/"> y' }],
    ["HTML as a JSON string", JSON.stringify("<b>no</b>")],
    ["XML of an object store", '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
  ])("nothing is shown of %s", (_, body) => {
    expect(failure(400, body).message).toBe("Seren Cloud refused the request");
  });

  test("a comparison sign is not markup", () => {
    expect(failure(400, { message: "3 < 5 and 7 > 2" }).message).toContain("3 < 5 and 7 > 2");
  });

  test("at most 240 characters are shown, whole ones", () => {
    const { message } = failure(400, { message: "😀".repeat(1_000) });
    expect(message).toBe(`Seren Cloud refused the request: ${"😀".repeat(239)}…`);
  });

  test("a body of many megabytes is cut as well", () => {
    expect(failure(400, "x".repeat(20_000_000)).message).toHaveLength(33 + 240);
  });

  test("a deeply nested body is read to a limited depth", () => {
    const deep = `${'{"error":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    expect(failure(400, deep).message).toBe("Seren Cloud refused the request");
    expect(failure(402, deep).kind).toBe("payment_required");
  });

  test("inherited members of an object are not read", () => {
    const hostile = '{"__proto__":{"message":"no"},"constructor":{"message":"no"},"toString":1,"hasOwnProperty":1}';
    expect(failure(400, hostile).message).toBe("Seren Cloud refused the request");
    expect(failure(409, hostile).message).toBe("Seren Cloud reports a conflict");
  });

  test("every body becomes a failure with one readable line", () => {
    const anyBody = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.record({ message: fc.anything(), error: fc.anything() }).map((value) => JSON.stringify(value) ?? ""),
    );
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), anyBody, (status, body) => {
        const { message } = failure(status, body);
        expect(message.isWellFormed()).toBe(true);
        expect(message).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(message.length).toBeLessThan(700);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

describe("402", () => {
  const PAY = (figures: string) =>
    `Seren Cloud asks for payment${figures}; add credit to the organization and try again`;
  const prepaid = {
    scheme: "prepaid",
    extra: { requiredAmount: "0.25", availableBalance: "0.03", deficit: "0.22", topUp: { balanceEndpoint: "/w" } },
  };
  test.each([
    ["x402 v2", { x402Version: 2, accepts: [{ scheme: "exact", amount: "25", payTo: "0x1" }] }, ""],
    ["x402 v1", { x402Version: 1, error: "pay", accepts: [{ maxAmountRequired: "250000" }] }, " (required 250000)"],
    [
      "prepaid balance",
      { error: "insufficient_credit", minimumRequired: "0.25", currentBalance: "0.03" },
      " (required 0.25, available 0.03)",
    ],
    [
      "prepaid inside x402",
      { x402Version: 2, payment_response: { accepts: [prepaid] } },
      " (required 0.25, available 0.03, missing 0.22)",
    ],
    [
      "prepaid beside it",
      { paymentResponse: {}, accepts: [prepaid] },
      " (required 0.25, available 0.03, missing 0.22)",
    ],
    ["amounts as numbers", { minimumRequired: 0.25, currentBalance: -1 }, " (required 0.25, available -1)"],
    ["amounts that are none", { minimumRequired: "<b>1</b>", currentBalance: "1\n2", deficit: { toString: 1 } }, ""],
    ["names every object has", { constructor: 5, toString: "6", valueOf: 7, __proto__: { deficit: 1 } }, ""],
    ["HTML", "<html>pay</html>", ""],
    ["an empty body", "", ""],
  ])("%s", (_, body, figures) => {
    expect(failure(402, body)).toMatchObject({ kind: "payment_required", message: PAY(figures) });
  });
});

describe("what decides about repeating a create call", () => {
  test.each([
    [400, { message: "Deployment is still starting, please retry" }],
    [400, "DEPLOYMENT IS STILL STARTING"],
    [422, { error: { message: "the deployment is still starting" } }],
    [400, { message: `${"x".repeat(600)} deployment is still starting` }],
  ])("%i with the marker is 'still starting'", (status, body) => {
    expect(failure(status, body)).toMatchObject({ kind: "invalid_input", details: { code: STARTING } });
  });

  test.each([
    [400, { message: "Deployment is not ready; restart it" }],
    [400, { error: "starting" }],
    [409, { message: "deployment is still starting" }],
    [503, { message: "deployment is still starting" }],
    [503, { error: STARTING, message: "deployment is still starting" }],
  ])("%i %j is not", (status, body) => {
    expect(failure(status, body).details.code).not.toBe(STARTING);
  });

  test.each([
    [409, { error: "conversation_busy", message: "x" }, "conversation_busy"],
    [400, { code: "conversation_busy" }, "conversation_busy"],
    [422, { message: "run refused: conversation_busy" }, "conversation_busy"],
    [409, { error: { code: "conversation_awaiting_approval" } }, "conversation_awaiting_approval"],
    [400, "conversation_awaiting_approval", "conversation_awaiting_approval"],
  ])("%i %j is a conflict of the conversation", (status, body, code) => {
    expect(failure(status, body)).toMatchObject({ kind: "conflict", details: { code } });
  });

  test("an error of the service itself never is", () => {
    expect(failure(503, { error: "conversation_busy" }).kind).toBe("unavailable");
  });
});

test("a request for a one-time code says what to do", () => {
  expect(failure(403, { error: "otp_required", message: "x", scope: "org" })).toMatchObject({
    kind: "forbidden",
    message: "Seren Cloud asks for a one-time code for this organization; confirm it in Seren first",
  });
});

test("the request id and the code are kept for the log", () => {
  expect(failure(500, { code: "boom.1" }, { "x-request-id": "req-1" }).details).toEqual({
    status: 500,
    code: "boom.1",
    requestId: "req-1",
  });
});

test.each([["two words"], ["x".repeat(65)], [""], ["1st"], ["<b>"]])("%j is no code", (code) => {
  expect(failure(500, { code }).details.code).toBeUndefined();
});

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["7", 7_000],
    [" 7 ", 7_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Thursday, 01-Jan-26 00:00:30 GMT", 30_000],
    ["Thu, 01 Jan 2015 00:00:00 GMT", 0],
    [undefined, undefined],
    ["", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["1e300", undefined],
    ["0x10", undefined],
    ["Infinity", undefined],
    ["soon", undefined],
    ["5 minutes", undefined],
    ["99999999999", undefined],
  ])("%j is %s ms", (value, expected) => {
    expect(parseRetryAfter(value, new VirtualAmbient(1))).toBe(expected);
  });

  test("is part of the failure", () => {
    expect(failure(429, "", { "retry-after": "3" }).details).toEqual({ status: 429, retryAfterMs: 3_000 });
  });
});

test.each([
  [JSON.stringify({ error: "text" }), "text"],
  ["plain text", "plain text"],
  ["<html>", undefined],
  ["{}", undefined],
])("an error frame with %j says %j", (text, said) => {
  expect(readMessage(text)).toBe(said);
});
