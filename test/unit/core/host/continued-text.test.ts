import fc from "fast-check";
import { expect, test } from "vitest";
import { ContinuedText } from "../../../../src/core/host/continued-text.ts";

const told = (earlier: string, pieces: string[]) => {
  const text = new ContinuedText(earlier);
  return pieces.map((piece) => text.push(piece)).join("") + text.end();
};

test.each([
  ["", ["a", "b"], "ab"],
  ["early\n", ["early\n", "late"], "late"],
  ["early\n", ["ear", "ly\nl", "ate"], "late"],
  ["early\n", ["late"], "late"],
  ["early\n", ["ear", "nest"], "earnest"],
  ["early\n", ["ear"], "ear"],
  ["early\n", ["early\n"], ""],
])("after %j, %j is told as %j", (earlier, pieces, expected) => {
  expect(told(earlier, pieces)).toBe(expected);
});

test("what is told after the earlier text is the whole answer, however it comes", () => {
  const words = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 });
  fc.assert(
    fc.property(words, fc.array(words), (earlier, pieces) => {
      const all = pieces.join("");
      expect(earlier + told(earlier, pieces)).toBe(
        all.startsWith(earlier) ? all : new ContinuedText(earlier).whole(all),
      );
    }),
  );
});
