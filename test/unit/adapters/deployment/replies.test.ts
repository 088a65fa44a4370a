/** A list is shortened to what the host prints, and refused where even that is more than one line carries. */
import { expect, test } from "vitest";
import { listReplyOf } from "../../../../src/adapters/deployment/replies.ts";

const many = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => ({
    id: `id-${index}`,
    status: "running",
    name: `name-${index}`,
    ...more,
  }));

test("all details, the names, or what the host prints", () => {
  expect(listReplyOf(many(1))).toEqual([{ deployment_id: "id-0", status: "running", detail: { name: "name-0" } }]);
  expect(listReplyOf(many(5_000, { modelId: "m".repeat(500) }))[7]?.detail).toEqual({ name: "name-7" });
  expect(listReplyOf(many(5_000, { name: "n".repeat(500) }))[7]?.detail).toEqual({});
});

test("one that fits in no form is refused with the way to ask for less", () => {
  expect(() => listReplyOf(many(5_000, { id: "i".repeat(500) }))).toThrow(/5000 deployments.*filters/);
});
