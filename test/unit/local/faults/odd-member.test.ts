/** The members of a JSON answer, and one of them changed. */
import { describe, expect, test } from "vitest";
import {
  drawOddMember,
  type Json,
  MOST_FORMS,
  membersOf,
  ODDITIES,
  odditiesOf,
  withOddMember,
} from "../../../../src/local/faults/odd-member.ts";
import { seededRandom } from "../../../../src/local/faults/seeded.ts";

const FIRST: { [member: string]: Json } = { id: "a", name: null, limits: { cpu: 1 } };
const SECOND: { [member: string]: Json } = {
  id: "b",
  name: "two",
  events: [{ type: "text", text: "x" }, { type: "error" }],
};
const ANSWER = { data: [FIRST, SECOND], total: 2 };

test("every member has a path, containers included; items are told apart by their type", () => {
  expect([...membersOf(ANSWER).keys()]).toEqual([
    "data",
    "data[]",
    "data[].id",
    "data[].name",
    "data[].limits",
    "data[].limits.cpu",
    "data[].events",
    "data[].events[text]",
    "data[].events[text].type",
    "data[].events[text].text",
    "data[].events[error]",
    "data[].events[error].type",
    "total",
  ]);
});

test("a member that is null in one row has the value of another row", () => {
  expect(membersOf(ANSWER).get("data[].name")).toBe("two");
});

test.each([
  [null, "null"],
  [1, "number"],
  ["text", "string"],
  [true, "boolean"],
  [[], "array"],
] as const)("%j is not changed to another value of its type", (value, same) => {
  const oddities = odditiesOf(value as Json);
  expect(oddities).not.toContain(same);
  expect(oddities).not.toContain("extra");
  expect(oddities).toHaveLength(ODDITIES.length - 2);
});

test("an object takes every oddity", () => {
  expect(odditiesOf({})).toEqual(ODDITIES);
});

describe("one member changed", () => {
  test.each([
    ["total", "null", { ...ANSWER, total: null }],
    ["total", "absent", { data: ANSWER.data }],
    ["total", "numbers", { ...ANSWER, total: [2026, 331, 7, 45, 12, 123_456_000] }],
    ["data", "object", { ...ANSWER, data: { odd: "member" } }],
    ["data[]", "number", { ...ANSWER, data: [7, 7] }],
    ["data[].id", "boolean", { ...ANSWER, data: ANSWER.data.map((row) => ({ ...row, id: true })) }],
    ["data[].never", "string", { ...ANSWER, data: ANSWER.data.map((row) => ({ ...row, never: "odd" })) }],
    [
      "data[].limits.cpu",
      "unknown_word",
      { ...ANSWER, data: [{ ...FIRST, limits: { cpu: "never_heard_of" } }, SECOND] },
    ],
    ["never.there", "string", ANSWER],
  ] as const)("%s: %s", (path, oddity, expected) => {
    const before = JSON.stringify(ANSWER);
    expect(withOddMember(ANSWER, { path, oddity })).toEqual(expected);
    expect(JSON.stringify(ANSWER)).toBe(before);
  });

  test("of items with a type, only those of that type", () => {
    const changed = withOddMember(ANSWER, { path: "data[].events[text].text", oddity: "absent" });
    expect(changed).toMatchObject({ data: [{}, { events: [{ type: "text" }, { type: "error" }] }] });
    expect(JSON.stringify(changed)).not.toContain('"x"');
  });

  test.each([
    ["number", 1, 0],
    ["unknown_word", 2, "constructor"],
    ["boolean", 1, false],
    ["boolean", 2, true],
    ["null", 5, null],
  ] as const)("%s in its form %i", (oddity, form, total) => {
    expect(withOddMember(ANSWER, { path: "total", oddity, form })).toEqual({ ...ANSWER, total });
  });

  test("an object with a member beside the others", () => {
    expect(withOddMember({ a: { b: 1 } }, { path: "a", oddity: "extra" })).toEqual({
      a: { b: 1, never_seen_before: { of: ["any", 1, null] } },
    });
  });
});

describe("drawing", () => {
  const draws = (options: Parameters<typeof drawOddMember>[1], count = 400) => {
    const random = seededRandom(3);
    return Array.from({ length: count }, () => drawOddMember(ANSWER, options, random));
  };

  test("reaches every member, containers included, with every oddity", () => {
    const drawn = draws({}, 4000);
    expect(new Set(drawn.map((one) => one?.path))).toEqual(new Set(membersOf(ANSWER).keys()));
    expect(new Set(drawn.map((one) => one?.oddity))).toEqual(new Set(ODDITIES));
    expect(new Set(drawn.map((one) => one?.form)).size).toBe(MOST_FORMS);
    expect(draws({})).toEqual(draws({}));
  });

  test("spares members by name, and what holds one of them is at most given another member", () => {
    const drawn = draws({ spare: ["id", "text"] });
    const ofHolders = drawn.filter((one) =>
      ["data", "data[]", "data[].events", "data[].events[text]"].includes(one?.path ?? ""),
    );
    expect(drawn.some((one) => /\.(id|text)$/.test(one?.path ?? ""))).toBe(false);
    expect(new Set(ofHolders.map((one) => `${one?.path} ${one?.oddity}`))).toEqual(
      new Set(["data[] extra", "data[].events[text] extra"]),
    );
  });

  test("a rule may name the member or the oddity", () => {
    expect(new Set(draws({ path: "total" }).map((one) => one?.path))).toEqual(new Set(["total"]));
    expect(new Set(draws({ path: "not_there" }).map((one) => one?.oddity)).size).toBeGreaterThan(5);
    const objects = new Set(draws({ oddity: "extra" }).map((one) => one?.path));
    expect(objects).toEqual(new Set(["data[]", "data[].limits", "data[].events[text]", "data[].events[error]"]));
  });

  test("finds nothing in an answer without members", () => {
    expect(drawOddMember([], {}, () => 0)).toBeUndefined();
    expect(drawOddMember({ id: 1 }, { spare: ["id"] }, () => 0)).toBeUndefined();
  });
});
