/** What a desktop's command is given: a foreign text shows as it was written, whatever the command makes of it. */
import { expect, test } from "vitest";
import { desktopCommand } from "../../../src/notify/index.ts";

const title = "Seren Cloud: a run completed (roder)";
/** As notify-send reads its body (`g_strcompress`), and then the desktop (markup). */
function shownBy(argument: string): string {
  const decoded = argument.replace(/\\([0-7]{1,3}|.)/gs, (_, found: string) => {
    if (/^[0-7]/.test(found)) return String.fromCharCode(Number.parseInt(found, 8));
    return { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" }[found] ?? found;
  });
  expect(decoded).not.toMatch(/[<>]/); // no markup
  return decoded.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
const argumentFor = (body: string) => desktopCommand({ title, body }, "linux").command.at(-1) ?? "";

test.each([
  "plain",
  "<b>bold</b> &amp; <a href='x'>link</a>",
  "--help -u critical",
  "one\ntwo\n\tthree",
  "C:\\new\\table",
  "\\074b\\076bold\\074/b\\076",
  "\\377 is no text",
  "\\",
  "日本語 العربية עברית हिन्दी 👩‍👩‍👧 é ☕️",
])("notify-send shows %j as it is", (text) => {
  expect(shownBy(argumentFor(text))).toBe(text);
});

test.each<[NodeJS.Platform]>([["linux"], ["darwin"], ["win32"]])(
  "on %s nothing is given that cannot be passed on, moves anything or turns it round",
  (platform) => {
    const body = "a\0b\u0001c\u001bd\u009be \u202elive\u202c \u2066x\u2069 \ud800.";
    const { command, environment } = desktopCommand({ title: `${title}\0`, body }, platform);
    const given = [...command.slice(1), ...Object.values(environment)].join("\n");
    expect(given).toContain("abcde live x \ufffd.");
    expect(given).toContain(title);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(given).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800]/);
  },
);
