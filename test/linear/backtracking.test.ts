/**
 * Expressions that may go back over a text again and again, by their form. The analysis is exact where it knows the syntax; what
 * it does not look into (a lookahead that reads on) is timed by `expressions.campaign.ts`.
 */
import { analyse } from "scslre";
import { expect, test } from "vitest";
import { expressionsIn } from "./expressions.ts";

/** The kind of each reason, and the characters a text would repeat. */
const slowness = (expression: RegExp) =>
  analyse(expression).reports.map(({ type, character }) => `${type} ${character.literal.source}`);

test("no expression is more than linear", () => {
  const { written } = expressionsIn(["src", "protocols"]);
  expect(written.length).toBeGreaterThan(100);
  for (const { place, expression } of written) expect(slowness(expression), place).toEqual([]);
});

test.each<[RegExp, string]>([
  [/(?:a+)+b/, "Self"], // exponential
  [/^\s*\w*\s*\w*!/, "Trade"], // two neighbours share the same characters
  [/[^.]*$/, "Move"], // each start reads to the end
  [/^[.\s-]+|[.\s-]+$/, "Move"],
  [/\s+$/, "Move"],
  [/\p{Cc}+x/gu, "Move"],
  [/"[^"]*"x|a+b/, "Move"],
])("the analysis finds %s", (expression, kind) => {
  expect(slowness(expression).join()).toContain(kind);
});
