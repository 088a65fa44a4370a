import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../../src/support/secret.ts";

const secret = new Secret("seren_abcdef123456");

test.each([
  ["a template", `${secret}`],
  ["concatenation", `key ${String(secret)}`],
  ["JSON", JSON.stringify({ secret })],
  ["inspection", inspect({ secret }, { showHidden: true, depth: 9 })],
  ["a copy", JSON.stringify({ ...secret })],
  ["its keys", JSON.stringify(Reflect.ownKeys(secret).map(String))],
  ["an error", String(new Error("x", { cause: secret }).cause)],
])("does not print in %s", (_, text) => {
  expect(text).not.toContain("abcdef");
});

test("reveals itself when asked", () => {
  expect(secret.reveal()).toBe("seren_abcdef123456");
});
