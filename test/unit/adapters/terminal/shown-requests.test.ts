/** Requests for approval of any size on a screen. */
import { expect, test } from "vitest";
import { shownRequests } from "../../../../src/adapters/terminal/approvals/shown-requests.ts";

const SCREEN = { stderr: { isTTY: true, columns: 80, rows: 24 } };
const request = (argsText: string, more: { tool?: string; reason?: string } = {}) => ({
  id: "a",
  tool: "t",
  args: {},
  argsText,
  ...more,
});

test.each([
  ["a text of megabytes", [request(JSON.stringify({ text: "word ".repeat(800_000) }))]],
  ["a list of 300,000 numbers", [request(JSON.stringify(Array(300_000).fill(7)))]],
  ["a long name", [request("{}", { tool: "name ".repeat(100_000) })]],
  ["a long reason", [request("{}", { reason: "because ".repeat(100_000) })]],
  ["10,000 requests", Array.from({ length: 10_000 }, () => request("{}"))],
])("%s is shown as far as a terminal holds it, and what is left out is said", (_, requests) => {
  const { lines, isWhole } = shownRequests(SCREEN, requests);
  expect(isWhole).toBe(false);
  expect(lines.length).toBeLessThan(1_010);
  expect(lines.join("").length).toBeLessThan(66_000);
  expect(lines.at(-1)).toMatch(
    /\d+ of \d+ characters are NOT shown here; all of them: seren-bridge approvals list --json/,
  );
});

test.each([
  ["a screen", 3, false],
  ["more than a screen", 200, true],
])("%s is shown whole", (_, items, isLong) => {
  const { lines, isWhole } = shownRequests(SCREEN, [request(JSON.stringify(Array(items).fill(7)))]);
  expect(isWhole).toBe(true);
  expect(lines.filter((line) => line.includes("7"))).toHaveLength(items);
  expect(lines.some((line) => line.includes("further up"))).toBe(isLong);
});
