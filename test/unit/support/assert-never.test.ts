import { expect, test } from "vitest";
import { assertNever } from "../../../src/support/assert-never.ts";

test("names the type of the value, and nothing else of it", () => {
  const value = { type: "novelty", text: "a prompt" } as never;
  expect(() => assertNever(value)).toThrow(new TypeError("a value of type novelty was not handled"));
});

test.each([undefined, null, "text", {}])("throws for %j as well", (value) => {
  expect(() => assertNever(value as never)).toThrow(new TypeError("a value was not handled"));
});
