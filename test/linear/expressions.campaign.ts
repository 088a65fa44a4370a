/** No text, however it is made, costs a regular expression more than linear work. */
import { expect, test } from "vitest";
import { spread } from "../support/every.ts";
import { expressionsIn, hardTexts } from "./expressions.ts";
import { type Growth, growthOf, repeated } from "./growth.ts";

/** Of each expression; it may have thousands. */
const MOST_TEXTS = 20;

const { written, built } = expressionsIn(["src", "protocols"]);

function worstOf(expression: RegExp, most = MOST_TEXTS): (Growth & { text: string }) | undefined {
  const use = (text: string) => {
    expression.lastIndex = 0;
    if (expression.global) text.replace(expression, "");
    else expression.test(text);
  };
  for (const { lead, unit, end } of spread(most, [...hardTexts(expression)])) {
    const growth = growthOf(use, (size) => repeated(unit, size, { lead, end }));
    if (growth) return { ...growth, text: JSON.stringify([lead, unit, end]) };
  }
  return undefined;
}

test.each(written)("$place", { timeout: 600_000 }, ({ expression }) => {
  expect(worstOf(expression)).toBeUndefined();
});

test.each([
  /seren_(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{8,}/g, // had been in the source
  /[^.]*$/,
  /^[.\s-]+|[.\s-]+$/,
])("the search finds %s", { timeout: 600_000 }, (quadratic) => {
  expect(worstOf(quadratic, Number.POSITIVE_INFINITY)).toBeDefined();
});

test("expressions that are built from text are timed through the functions they serve", () => {
  expect([...new Set(built)].sort()).toEqual([
    "src/adapters/terminal/screen/text.ts", // printable
    "src/core/account/approval-text.ts", // visibleText
    "src/seren/mapping/members.ts", // idIn, for at most 256 characters
    "src/support/unseen.ts", // all
  ]);
});
