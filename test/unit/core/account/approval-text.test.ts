import { describe, expect, test } from "vitest";
import { approvalLines, visibleText } from "../../../../src/core/account/approval-text.ts";

const linesOf = (argsText: string | undefined, tool = "pay") => approvalLines({ id: "a", tool, args: {}, argsText });

describe("a field of one line", () => {
  test.each([
    ["deploy", "deploy"],
    ["grep for Tür 🚪", "grep for Tür 🚪"],
    ["deploy\nargs    {}", '"deploy\\nargs    {}"'],
    ['"quoted"', '"\\"quoted\\""'],
    [" padded", '" padded"'],
    ["a\u00a0b", '"a\\u00a0b"'],
    ["a\u2800b", '"a\\u2800b"'],
    ["a\u3164b", '"a\\u3164b"'],
    ["a\u{e0041}\u{e0042}b", '"a\\udb40\\udc41\\udb40\\udc42b"'],
    ["rm \u202e-rf\u200b \x1b[8m/\u2028x", '"rm \\u202e-rf\\u200b \\u001b[8m/\\u2028x"'],
    ["a\u0336b\u0336", '"a\\u0336b\\u0336"'],
    ["a\u{16fe4}b", '"a\\ud81b\\udfe4b"'], // drawn as nothing
    ["a\u{13441}b\u{13442}", '"a\\ud80d\\udc41b\\ud80d\\udc42"'], // blanks among the letters
    ["a\u1cd4b\u{10a39}c\u{1bc9e}", '"a\\u1cd4b\\ud802\\ude39c\\ud82f\\udc9e"'], // lie over the letter
    ["a\u1039b\u17d2c", '"a\\u1039b\\u17d2c"'], // joins letters of its own script, and is not drawn
    ["cafe\u0301", '"cafe\\u0301"'],
    ["rm x\u037e y\u1fef", '"rm x\\u037e y\\u1fef"'], // a semicolon and a backquote to Unicode
    ["\u1100\u1161", '"\\u1100\\u1161"'],
    ["\ue000", '"\\ue000"'],
    ["x\ud800", '"x\\ud800"'],
    [" ".repeat(20_000), '"\\[20000 spaces]"'],
    [`run${" \t".repeat(500)}now`, '"run\\[1000 blanks]now"'],
    [`a${"\n".repeat(90)}b`, '"a\\[90 times \\"\\n\\"]b"'.replaceAll('\\"', '"')],
    ["=".repeat(100), '"\\[100 times "="]"'],
    ["\\[100 spaces]", '"\\\\[100 spaces]"'],
  ])("%j is shown as %s", (text, shown) => expect(visibleText(text)).toBe(shown));

  test.each([
    ...["café", "Tiếng Việt ổ", "Ελληνικά", "Русский й", "한국어", "日本語が", "العَرَبِيَّة", "עִבְרִית", "हिन्दी में", "ไทยที่นี่"],
    ...["မြန်မာဘာသာ", "ខ្មែរ", "தமிழ்", "বাংলা", "తెలుగు", "ಕನ್ನಡ", "සිංහල", "བོད་ཡིག"],
  ])("text in the usual spelling of its language is shown as it is: %s", (text) => {
    expect(visibleText(text.normalize("NFC"))).toBe(text.normalize("NFC"));
  });

  test("two texts that are one to Unicode are never shown alike", () => {
    const seen = new Map<string, string>();
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (code >= 0xd800 && code <= 0xdfff) continue;
      for (const form of [character.normalize("NFD"), character.normalize("NFC")]) {
        if (form === character) continue;
        const shown = visibleText(`a${form}`);
        if (shown === visibleText(`a${character}`)) expect.fail(`U+${code.toString(16)}`);
        seen.set(form, shown);
      }
    }
    expect(seen.size).toBeGreaterThan(13_000);
  });

  test("shows nothing of the ignorable characters of Unicode, nor of its blanks", () => {
    const ignorable = /^[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Cf}\p{Z}]$/u;
    let tried = 0;
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (code === 0x20 || !ignorable.test(character)) continue;
      tried += 1;
      if (visibleText(`a${character}b`).includes(character)) expect.fail(`U+${code.toString(16)} is not escaped`);
    }
    expect(tried).toBeGreaterThan(4_145);
  });
});

describe("arguments", () => {
  test("numbers have the digits they were sent with, and a repeated member is there twice", () => {
    expect(linesOf('{"n":12345678901234567890,"e":1e999,"to":"a","to":"b"}')).toEqual([
      "tool    pay",
      "args    {",
      '          "n": 12345678901234567890,',
      '          "e": 1e999,',
      '          "to": "a",',
      '          "to": "b"',
      "        }",
    ]);
  });

  test("letters that were sent as escapes are shown as letters, and hidden ones as escapes", () => {
    expect(linesOf('{"c":"\\u0072m \\u202e /","\\u200bk":"\u{e0041}"}').slice(1)).toEqual([
      "args    {",
      '          "c": "rm \\u202e /",',
      '          "\\u200bk": "\\udb40\\udc41"',
      "        }",
    ]);
  });

  test("none are said to be none", () => expect(linesOf(undefined)).toEqual(["tool    pay", "args    (none)"]));

  test("a tool cannot add lines of its own", () => {
    const lines = linesOf('{"amount":1}', 'pay\nreason  none\nargs    {"amount":0}');
    expect(lines.filter((line) => line.startsWith("args"))).toEqual(["args    {"]);
    expect(lines.filter((line) => /^\S/.test(line))).toHaveLength(2);
  });
});
