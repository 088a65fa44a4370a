/** The table of operations, and how a request finds its row. */
import { describe, expect, test } from "vitest";
import { ROUTES } from "../../../../src/local/handlers/routes.ts";
import { OPERATIONS } from "../../../../src/local/http/operations.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

const ID = "0c0ffee0-0000-4000-8000-00000000000a";

describe("the table", () => {
  test("has every operation", () => {
    expect([...new Set(ROUTES.map(({ operation }) => operation))].sort()).toEqual([...OPERATIONS].sort());
  });

  test("has each method and path once", () => {
    const requests = ROUTES.map(({ method, pattern }) => `${method} ${pattern}`);
    expect(requests.filter((request, index) => requests.indexOf(request) !== index)).toEqual([]);
  });

  test.each(OPERATIONS)("has one handler and one set of query parameters for %s", (operation) => {
    const [first, ...others] = ROUTES.filter((route) => route.operation === operation);
    for (const { handler, query } of others) expect([handler, query]).toEqual([first?.handler, first?.query]);
  });
});

test.each([
  ["PUT", `/deployments/${ID}`, "GET, DELETE"],
  ["GET", "/deploy", "POST"],
  ["POST", `/runs/${ID}/events`, "GET"],
  ["GET", `/local-uploads/${ID}`, "PUT"],
])("%s %s is refused with the methods that are possible", async (method, path, allow) => {
  const answer = await new Calls().send(method, path);
  expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
});

test.each([
  ["a longer path", `/deployments/${ID}/runs/${ID}/state/more`, 404],
  ["an empty segment", `/deployments/${ID}/runs/`, 400],
  ["an id with a character too many", `/runs/${ID}0`, 400],
])("%s does not match", async (_, path, status) => {
  expect((await new Calls().get(path)).status).toBe(status);
});

test.each([
  ["an operation without a list of parameters", `/runs/${ID}?surprise=1`, "Run not found"],
  ["an operation that takes none", "/deployments?surprise=1", "Unknown query parameter surprise"],
  ["a parameter of another operation", "/pending_approvals?status=queued", "Unknown query parameter status"],
])("the query of %s", async (_, path, message) => {
  expect((await new Calls().get(path)).body.message).toBe(message);
});
