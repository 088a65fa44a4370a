/** The inbox: only the id of an entry is needed, and what is asked for is read whole, whatever its type. */
import { expect, test } from "vitest";
import { readInboxPage } from "../../../../src/seren/mapping/inbox.ts";

const read = (page: unknown) => {
  const source = JSON.stringify(page);
  return readInboxPage(JSON.parse(source), () => source);
};
const BASE = { entry_id: "e1", run_id: "r1", deployment_id: "d1", decision_state: "pending" };
const EGRESS = { ...BASE, kind: "blocked_egress", request_id: "q", host: "h.example", port: 443, details: { rule: 1 } };
const CALL = { ...BASE, kind: "tool_call", tool_call_id: "t", tool_ref: "pay", request_payload_summary: { usd: 1 } };
const OTHER = { ...BASE, kind: "other", subkind: "budget", payload: [1] };

test("the three kinds", () => {
  expect(read({ entries: [EGRESS, CALL, OTHER] })?.rows).toMatchObject([
    { subject: "network request: any method h.example:443", detailsText: '{"rule":1}' },
    { subject: "pay", toolCallId: "t", detailsText: '{"usd":1}' },
    { subject: "budget", detailsText: "[1]" },
  ]);
});

test("a kind that is not known is shown whole", () => {
  const entry = { ...BASE, kind: "key_rotation", of: "prod" };
  expect(read({ entries: [entry] })?.rows).toMatchObject([
    { subject: "key_rotation", detailsText: JSON.stringify(entry) },
  ]);
});

test("digits of details are kept", () => {
  const source = `{"entries":[{"entry_id":"e","kind":"other","subkind":"s","payload":{"n":12345678901234567890}}]}`;
  expect(readInboxPage(JSON.parse(source), () => source)?.rows[0]?.detailsText).toBe('{"n":12345678901234567890}');
});

const ODD = [null, 7, 1.5, "", "word", true, [], [2026, 7], {}, { a: 1 }, "x".repeat(10_000)];

test.each([
  ["blocked_egress", EGRESS],
  ["tool_call", CALL],
  ["other", OTHER],
])("any member of a %s entry but its id may be odd: it stays, and what was written of it is shown", (_, entry) => {
  for (const name of Object.keys(entry).filter((one) => one !== "entry_id")) {
    for (const odd of ODD) {
      const page = read({ entries: [{ ...entry, [name]: odd }, OTHER] });
      expect(
        page?.rows.map(({ entryId }) => entryId),
        `${name} ${odd}`,
      ).toEqual(["e1", "e1"]);
      const [shown] = page?.rows ?? [];
      expect(shown?.subject, `${name} ${odd}`).not.toBe("");
      if (["host", "port", "tool_ref", "subkind"].includes(name) && odd !== null && odd !== "") {
        const all = `${shown?.subject} ${shown?.detailsText}`;
        expect(all).toContain(typeof odd === "string" ? odd : JSON.stringify(odd));
      }
    }
  }
});

test("an entry without an id is counted, and costs no other", () => {
  for (const id of [undefined, null, "", {}, [], true]) {
    expect(read({ entries: [{ ...CALL, entry_id: id }, OTHER] })).toMatchObject({
      rows: [{ kind: "other" }],
      unreadable: 1,
    });
  }
});

test("a page without a list of entries is none, and a cursor of another type ends the listing", () => {
  expect(read({ entries: {} })).toBeUndefined();
  for (const cursor of [null, 7, [], {}, "", "x".repeat(10_000)]) {
    expect(read({ entries: [], next_cursor: cursor })?.nextCursor).toBeUndefined();
  }
});
