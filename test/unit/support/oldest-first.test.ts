import { expect, test } from "vitest";
import { oldestFirst } from "../../../src/support/oldest-first.ts";

test("items are sorted by creation, then by id; those without a time come first", () => {
  const items = [{ id: "c", createdAt: 2 }, { id: "b", createdAt: 1 }, { id: "a", createdAt: 2 }, { id: "d" }];
  const given = [...items];
  expect(oldestFirst(items).map(({ id }) => id)).toEqual(["d", "b", "a", "c"]);
  expect(items).toEqual(given);
});
