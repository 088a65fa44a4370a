import { describe, expect, test, vi } from "vitest";
import { LiveView } from "../../../../src/adapters/terminal/live/live-view.ts";
import { table } from "../../../../src/adapters/terminal/screen/table.ts";
import { lineOf } from "../../../../src/adapters/terminal/screen/width.ts";
import { ScreenWriter } from "../../../../src/adapters/terminal/screen/writer.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { TerminalEmulator } from "./terminal-emulator.ts";

function view(columns = 40, status = () => "running") {
  const ambient = new VirtualAmbient(1);
  const output = new TerminalEmulator(columns);
  const same = (text: string) => text;
  const writer = new ScreenWriter(output, "mark", createRedactor());
  const live = new LiveView({
    output: writer,
    ambient,
    unicode: false,
    status,
    paint: { status: same, spinner: same },
  });
  return { ambient, output, live };
}

test("the answer scrolls, the status stays below it, and nothing of it is left at the end", async () => {
  const { ambient, output, live } = view();
  live.start();
  void live.append("Hello ");
  await ambient.advance(60);
  expect(output.screen).toEqual(["Hello", "/ running"]);
  void live.append("world\nsecond");
  live.line("tool grep");
  await ambient.advance(60);
  expect(output.screen.slice(0, 3)).toEqual(["Hello world", "second", "tool grep"]);
  expect(output.screen.at(-1)).toMatch(/^[|/\\-] running$/);
  live.stop();
  expect(output.screen).toEqual(["Hello world", "second", "tool grep"]);
});

test("long lines break between words, also when they come in pieces, and lose nothing", async () => {
  const { ambient, output, live } = view(20);
  live.start();
  const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
  for (const piece of words.match(/.{1,7}/g) ?? []) {
    void live.append(piece);
    await ambient.advance(60);
  }
  live.stop();
  expect(output.screen.join(" ")).toBe(words);
  expect(Math.max(...output.screen.map((line) => line.length))).toBeLessThan(20);
});

test("a word longer than the screen is cut, not lost", () => {
  const { output, live } = view(10);
  live.start();
  void live.append("x".repeat(25));
  live.stop();
  expect(output.screen).toEqual(["x".repeat(9), "x".repeat(9), "x".repeat(7)]);
});

test("a window that became narrower leaves no old status behind", async () => {
  const { ambient, output, live } = view(40, () => "a status of thirty-three columns!");
  live.start();
  await ambient.advance(10);
  output.columns = 20; // the emulator wraps nothing anew, so the drawn line counts as two of its rows
  void live.append("text\n");
  await ambient.advance(120);
  expect(output.raw).toContain("\x1b[1A\x1b[J");
  live.stop();
});

test("escape sequences of the answer never reach the terminal", () => {
  const { output, live } = view();
  live.start();
  void live.append("a\x1b[2Jb\x1b]0;x\x07c\n");
  live.stop();
  expect(output.raw).not.toContain("\x1b[2J");
  expect(output.screen).toEqual(["abc"]);
});

test("a line of ours after whole lines of the answer leaves no gap, drawn in between or not", async () => {
  for (const pause of [0, 60]) {
    const { ambient, output, live } = view();
    live.start();
    void live.append("one\n\ntwo\n");
    await ambient.advance(pause);
    live.line("tool grep");
    void live.append("three");
    await ambient.advance(pause);
    live.line("end");
    live.stop();
    expect(output.screen).toEqual(["one", "", "two", "tool grep", "three", "end"]);
  }
});

describe("drawing costs what fits on the screen", () => {
  const LONG = {
    "accented letters": "é".repeat(12_000),
    "accents on accents": `a${"\u0301".repeat(200_000)}`,
    "joined emoji": "👩‍🚀".repeat(20_000),
    "one word of plain letters": "x".repeat(200_000),
    words: "wörd ".repeat(20_000),
  };

  /** Characters that were measured while `run` ran. */
  async function measured(run: () => Promise<void>): Promise<number> {
    const look = vi.spyOn(String.prototype, "codePointAt");
    try {
      await run();
      return look.mock.calls.length;
    } finally {
      look.mockRestore();
    }
  }

  test.each(Object.entries(LONG))("%s: every row is measured once", async (_, text) => {
    const { ambient, output, live } = view(80);
    live.start();
    const looks = await measured(async () => {
      void live.append(text);
      await ambient.advance(60);
    });
    expect(looks).toBeLessThan(text.length * 1.2 + 1_000);
    const idle = await measured(() => ambient.advance(10_000));
    expect(idle).toBeLessThan(100 * 2 * 80 * 16); // a hundred frames, each with a row and a status line at most
    live.stop();
    const row = output.raw.split("\n").reduce((longest, line) => Math.max(longest, line.length), 0);
    expect(row).toBeLessThan(80 * 16 + 100);
  });

  test("text in pieces costs no more than its rows", async () => {
    const { ambient, live } = view(80);
    live.start();
    const looks = await measured(async () => {
      for (let piece = 0; piece < 400; piece += 1) {
        void live.append("é".repeat(30));
        await ambient.advance(60);
      }
    });
    expect(looks).toBeLessThan(400 * 2 * (80 * 3));
    live.stop();
  });

  test("a long text gives way to a Ctrl-C between its pieces", async () => {
    const { ambient, output, live } = view(80);
    const turns = vi.spyOn(ambient, "soon");
    live.start();
    const shown = live.append("é".repeat(200_000));
    await ambient.advance(1_000);
    await shown;
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(5);
    live.stop();
    expect(output.screen.join("")).toBe("é".repeat(200_000));
  });

  test("a status of any length", async () => {
    const { ambient, live } = view(80, () => "é".repeat(100_000));
    const looks = await measured(async () => {
      live.start();
      await ambient.advance(1_000);
    });
    expect(looks).toBeLessThan(11 * 3 * 80 + 100);
    live.stop();
  });

  test("a table of long messages", async () => {
    const rows = Object.values(LONG);
    const columns = [{ title: "MESSAGE", of: (row: string) => row, min: 12 }];
    const looks = await measured(async () => {
      expect(table(columns, rows, { writer: { fit: lineOf }, columns: 80, dim: (text) => text })).toHaveLength(
        1 + rows.length,
      );
    });
    expect(looks).toBeLessThan(rows.length * 8 * 80 * 16);
  });
});
