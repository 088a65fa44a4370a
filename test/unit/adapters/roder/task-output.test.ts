/** C10: the chunks of a task's log. */
import { expect, test } from "vitest";
import { TaskOutput } from "../../../../src/adapters/roder/tasks/task-output.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

interface Chunk {
  at: number;
  stream: string;
  chunk: string;
}

function recorded(pipe: () => Promise<void> = async () => undefined) {
  const ambient = new VirtualAmbient(3, { startMs: 0 });
  const chunks: Chunk[] = [];
  const output = new TaskOutput(ambient, (stream, chunk) => {
    expect(Buffer.byteLength(chunk)).toBeLessThanOrEqual(16 * 1024);
    expect(chunk.isWellFormed()).toBe(true);
    expect(chunk).not.toBe("");
    chunks.push({ at: ambient.now(), stream, chunk });
    return pipe();
  });
  const text = (stream = "stdout") =>
    chunks
      .filter((one) => one.stream === stream)
      .map(({ chunk }) => chunk)
      .join("");
  const brief = () => chunks.map(({ at, stream, chunk }) => `${at} ${stream} ${JSON.stringify(chunk)}`);
  return { ambient, output, chunks, text, brief };
}

test("a line is sent at once, further ones four times a second", async () => {
  const { ambient, output, brief } = recorded();
  for (let i = 0; i < 10; i += 1) {
    output.write("stdout", `line ${i}\n`);
    await ambient.advance(50);
  }
  await ambient.advance(1000);
  expect(brief()).toEqual([
    '0 stdout "line 0\\n"',
    '250 stdout "line 1\\nline 2\\nline 3\\nline 4\\n"',
    '500 stdout "line 5\\nline 6\\nline 7\\nline 8\\nline 9\\n"',
  ]);
});

test("an unfinished line is held back until it ends or has waited for a second", async () => {
  const { ambient, output, brief } = recorded();
  output.write("stdout", "a\nb");
  await ambient.advance(400);
  output.write("stdout", "c\nd");
  await ambient.advance(1500);
  output.write("stdout", "e");
  await ambient.advance(100);
  await output.finish();
  expect(brief()).toEqual(['0 stdout "a\\n"', '400 stdout "bc\\n"', '1400 stdout "d"', '2000 stdout "e\\n"']);
});

test("the last line is ended, also when its start was sent", async () => {
  const { ambient, output, text, brief } = recorded();
  output.write("stdout", "shown already");
  await ambient.advance(2000);
  await output.finish();
  expect(brief()).toEqual(['1000 stdout "shown already"', '2000 stdout "\\n"']);
  expect(text()).toBe("shown already\n");
});

test("a log line begins on a new line, and the answer is unchanged", async () => {
  const { ambient, output, brief, text } = recorded();
  output.write("stdout", "half a li");
  await ambient.advance(1200);
  output.write("log", "tool shell\n");
  await ambient.advance(1000);
  output.write("stdout", "ne\n");
  await output.finish();
  expect(brief()).toEqual(['1000 stdout "half a li"', '1250 log "\\ntool shell\\n"', '2200 stdout "ne\\n"']);
  expect(text()).toBe("half a line\n");
});

test("text of different streams is sent in the order of arrival", async () => {
  const { ambient, output, brief } = recorded();
  for (const [stream, text] of [
    ["log", "run 1\n"],
    ["stdout", "one\n"],
    ["log", "tool a\n"],
    ["log", "tool b\n"],
    ["stdout", "two, unfin"],
    ["log", "tool c\n"],
    ["stdout", "ished\n"],
    ["stderr", "oh\n"],
  ] as const) {
    output.write(stream, text);
  }
  await ambient.advance(250);
  await output.finish();
  expect(brief()).toEqual([
    '0 log "run 1\\n"',
    '250 stdout "one\\n"',
    '250 log "tool a\\ntool b\\n"',
    '250 stdout "two, unfinished\\n"',
    '250 log "tool c\\n"',
    '250 stderr "oh\\n"',
  ]);
});

test("text that comes faster than it is sent joins earlier text of its stream; no stream is starved", async () => {
  const { ambient, output, chunks, text } = recorded();
  for (let i = 0; i < 40; i += 1) {
    output.write("stdout", `text ${i}\n`);
    output.write("log", `log ${i}\n`);
    if (i === 5) output.write("stderr", "trouble\n");
    await ambient.advance(100);
  }
  await output.finish();
  expect(chunks.length).toBeLessThanOrEqual(4 * 4 + 8);
  expect(text("stderr")).toBe("trouble\n");
  expect(text("stdout").split("\n").length).toBe(41);
  expect(text("log").split("\n").length).toBe(41);
  expect(chunks.find(({ stream }) => stream === "stderr")?.at).toBeLessThan(3000);
});

test("1 MiB is sent at once and more at 0.5 MiB per second, in order and complete, while the writer waits", async () => {
  const { ambient, output, chunks, text } = recorded();
  let all = "";
  for (let written = 0; Buffer.byteLength(all) < 2 * 1024 * 1024; written += 1) {
    const piece = `${"é👍x".repeat(500)} ${written}\n`;
    all += piece;
    const pending = output.write("stdout", piece);
    if (pending) await ambient.runUntil(pending);
  }
  await output.finish();
  expect(text()).toBe(all);
  for (const { chunk } of chunks) expect(chunk.endsWith("\n")).toBe(true);
  const before = (ms: number) => chunks.filter(({ at }) => at < ms).length;
  expect(before(1)).toBe(1 + 64); // the first line does not wait for others
  for (let ms = 250; ms < ambient.now(); ms += 250)
    expect(before(ms), `${ms} ms`).toBeLessThanOrEqual(1 + 64 + ms / 31.25);
  expect(ambient.now()).toBeGreaterThan(1000);
  expect(ambient.now()).toBeLessThan(2000);
});

test("four tasks that flood the log stay far below the 1024 events the host keeps for its clients", async () => {
  const ambient = new VirtualAmbient(3, { startMs: 0 });
  let sent = 0;
  const flood = async () => {
    const output = new TaskOutput(ambient, async () => {
      sent += 1;
    });
    while (ambient.now() < 5000) {
      const pending = output.write("stdout", `${"x".repeat(16_000)}\n`);
      if (pending) await pending;
    }
  };
  const floods = [flood(), flood(), flood(), flood()];
  await ambient.advance(1000);
  expect(sent).toBeGreaterThan(256);
  expect(sent).toBeLessThanOrEqual(4 * (64 + 32 + 1));
  await ambient.advance(10_000);
  await Promise.all(floods);
});

test("one line of a megabyte arrives whole, cut between characters", async () => {
  const { output, chunks, text } = recorded();
  const line = "👩‍👩‍👧‍👦é".repeat(60_000);
  output.write("stdout", line);
  await output.finish();
  expect(text()).toBe(`${line}\n`);
  expect(chunks.length).toBeGreaterThan(90);
});

test.each(["whole", "late"])("a character that arrives in two halves is never sent in halves (%s)", async (when) => {
  const { ambient, output, brief } = recorded();
  output.write("stdout", "ab\ud83d");
  await ambient.advance(when === "late" ? 5000 : 10);
  output.write("stdout", "\ude00");
  await ambient.advance(5000);
  output.write("stdout", "\n");
  await output.finish();
  expect(
    brief()
      .join(" ")
      .replaceAll(/\d+ stdout /g, "")
      .replaceAll('" "', ""),
  ).toBe('"ab😀\\n"');
});

test("half a character is held back without a busy loop, and replaced at the end", async () => {
  const { ambient, output, brief } = recorded();
  output.write("stdout", "\ud83d");
  await ambient.advance(60_000);
  expect(brief()).toEqual([]);
  await output.finish();
  expect(brief()).toEqual(['60000 stdout "\ufffd\\n"']);
});

test("a slow host is sent one chunk at a time, which slows the writer", async () => {
  const taken: (() => void)[] = [];
  const { ambient, output, chunks, text } = recorded(() => new Promise((resolve) => void taken.push(resolve)));
  output.write("stdout", "first\n");
  const waiting = output.write("stdout", `${"x".repeat(1000)}\n`.repeat(300));
  expect(waiting).toBeDefined();
  await ambient.advance(60_000);
  expect(chunks).toHaveLength(1);
  let room = false;
  void waiting?.then(() => {
    room = true;
  });
  for (let i = 0; i < 30 && !room; i += 1) {
    taken.shift()?.();
    await ambient.advance(250);
  }
  expect(room).toBe(true);
  const finished = output.finish();
  for (let i = 0; i < 60; i += 1) {
    taken.shift()?.();
    await ambient.settle();
  }
  await finished;
  expect(text().length).toBe(6 + 300 * 1001);
});

test("after flush nothing is held back and write never waits", async () => {
  const { ambient, output, text } = recorded();
  const waiting = output.write("stdout", "x".repeat(400_000));
  output.flush();
  await ambient.runUntil(waiting ?? Promise.resolve());
  expect(output.write("stdout", "tail")).toBeUndefined();
  await ambient.advance(0);
  expect(ambient.now()).toBe(0);
  expect(text()).toBe(`${"x".repeat(400_000)}tail`);
});

test("an empty text is no chunk", async () => {
  const { ambient, output, brief } = recorded();
  output.write("stdout", "");
  await ambient.advance(5000);
  await output.finish();
  expect(brief()).toEqual([]);
});
