import { expect, test } from "vitest";
import { escapeUnseen, onOneLine } from "../../../src/support/unseen.ts";

const FAMILY = "\u{1f468}\u200d\u{1f469}";

test.each([
  ["a\r\n\t b\u2028c\u0085d", "a b c d"],
  ["invoice\u202efdp.exe\u202c", "invoicefdp.exe"],
  ["pay\u200bpal\u2066\u{e0041}\u3164", "paypal"],
  ["\x1b]52;c;x\x07 red", "]52;c;x red"],
  ["half \ud83d", "half \ufffd"],
  ["  Grüße 日本 \u{1f600} ", "Grüße 日本 \u{1f600}"],
])("%j on one line is %j", (text, shown) => {
  expect(onOneLine(text)).toBe(shown);
});

test("unseen characters of a name are written out", () => {
  expect(escapeUnseen(`a\u202eb\u034f${FAMILY}`)).toBe("a\\u{202e}b\\u{34f}\u{1f468}\\u{200d}\u{1f469}");
});
