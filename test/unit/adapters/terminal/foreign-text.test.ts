/** Hostile text on its way to a terminal: through a run in every way a run is shown, and through lists. */
import { describe, expect, test } from "vitest";
import { createColors } from "../../../../src/adapters/terminal/screen/colors.ts";
import { table } from "../../../../src/adapters/terminal/screen/table.ts";
import { ScreenWriter } from "../../../../src/adapters/terminal/screen/writer.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { script, startCloud } from "../../../support/child-process/cloud.ts";
import { SeededRandom } from "../../../support/in-process/seeded-random.ts";
import { TestTerminal } from "./harness.ts";
import { TerminalEmulator } from "./terminal-emulator.ts";

const PIECES = [
  ...[
    "\x1b]52;c;aGk=\x07",
    "\x1b]0;title\x1b\\",
    "\x1bP+q\x1b\\",
    "\x1b[2J",
    "\x1b[31m",
    "\x1b[3A",
    "\x1b[J",
    "\x1b[8m",
  ],
  ...["\x9b2J", "\x9d0;t\x9c", "\x90q\x9c", "\x1bc", "\x1b#8", "\x1b(0", "\x1b", "\x9b", "\x9d", "\x1b]", "\x1bP"],
  ...["\r", "\x07", "\x08", "\x7f", "\x85", "\x00", "\x0b", "\x0c", "\x0e"],
  ...["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u061c", "\u2028", "\u3164", "\u{e0041}"],
  ...[
    "mark",
    "\x1bmark[31m",
    "mark\x1b[2J",
    "text",
    " ",
    "\n",
    "\t",
    "é",
    "日本",
    "👩‍🚀",
    "e\u0301",
    "\ud800",
    "0;1",
    "m",
  ],
];

function hostile(random: SeededRandom): string {
  const bytes = Buffer.from(Array.from({ length: random.int(0, 12) }, () => random.int(0, 255)));
  const pieces = Array.from({ length: random.int(1, 30) }, () => random.pick(PIECES));
  return pieces.join("") + bytes.toString("latin1") + bytes.toString("utf8");
}

/** What remains of terminal output when text, line breaks and the moves of our frame are taken away. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it reads them
const FRAME = /\r(?:\x1b\[\d+A)?\x1b\[J/g;
const CLASSES = "\\p{Cc}\\p{Default_Ignorable_Code_Point}\\p{Bidi_Control}\\u2028\\u2029";
const UNSEEN = new RegExp(`[[${CLASSES}]--[\\n\\t]]`, "v");

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

describe.each([
  ["in the live view", [], {}],
  ["on a build server's terminal", [], { CI: "1" }],
  ["on a dumb terminal", [], { TERM: "dumb" }],
  ["as JSON", ["--json"], {}],
] as const)("a run %s", (_, options, env) => {
  test.each(SEEDS)("shows text only (seed %d)", async (seed) => {
    const random = new SeededRandom(seed);
    const server = await startCloud();
    const stdout = new TerminalEmulator(60);
    const said = hostile(random).toWellFormed();
    const prompt = script(
      { text: said },
      { tool: "grep", args: { q: hostile(random) }, result: hostile(random) },
      { artifact: { id: "a1", kind: "report", title: hostile(random), url: "https://example.com/r" } },
      { text: hostile(random) },
    );
    const { code } = await new TestTerminal(server.env).run(["run", ...options, prompt], { stdout, env });
    expect(code).toBe(0);
    expect(stdout.raw.replace(FRAME, "")).not.toMatch(UNSEEN);
    if (options.length === 0) return;
    const lines = stdout.raw.trimEnd().split("\n");
    const texts = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "text");
    expect(texts[0].text).toContain(said); // nothing of the value is lost
  });
});

test("a table and what is printed beside it show text and colours of ours only", () => {
  const random = new SeededRandom(99);
  for (let round = 0; round < 300; round += 1) {
    const terminal = new TerminalEmulator(80);
    const writer = new ScreenWriter(terminal, "mark-of-this-process", createRedactor());
    const { red, dim } = createColors(true, "mark-of-this-process");
    const columns = [
      { title: "A", of: () => hostile(random), paint: red },
      { title: "B", of: () => hostile(random), min: 6 },
    ];
    for (const line of table(columns, [0, 1], { writer, columns: 60, dim })) void writer.write(`${line}\n`);
    void writer.write(`${dim(hostile(random))}\n`);
    void writer.write(hostile(random));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it reads them
    const colours = terminal.raw.match(/\x1b\[(31|39|2|22)m/g) ?? [];
    expect(colours).toHaveLength(2 * (1 + 1) + 2 * 2 * 1 + 2); // titles, two painted cells, the dim line
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it reads them
    expect(terminal.raw.replace(/\x1b\[(31|39|2|22)m/g, "")).not.toMatch(UNSEEN);
  }
});

test("in a pipe the bytes are as they came", () => {
  const pipe = new TerminalEmulator(80);
  const writer = new ScreenWriter(Object.assign(pipe, { isTTY: false }), "mark", createRedactor());
  void writer.write("\x1b]0;x\x07\u202e");
  void writer.json({ a: "\u202e\x9b" });
  expect(pipe.raw).toBe('\x1b]0;x\x07\u202e{"a":"\u202e\x9b"}\n');
});

test("a line that is printed while a frame is drawn stands above it, whichever descriptor it goes to", () => {
  const terminal = new TerminalEmulator(40);
  const [stdout, stderr] = [
    new ScreenWriter(terminal, "mark", createRedactor()),
    new ScreenWriter(terminal, "mark", createRedactor()),
  ];
  stdout.neighbour = stderr;
  stderr.neighbour = stdout;
  stdout.draw("answer\n", [{ text: "status", width: 6 }]);
  void stderr.write("a warning\n");
  stdout.draw("", [{ text: "status", width: 6 }]);
  expect(terminal.screen).toEqual(["answer", "a warning", "status"]);
});
