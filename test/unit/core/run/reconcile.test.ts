import { describe, expect, test } from "vitest";
import type { ExecutionEvent } from "../../../../src/core/index.ts";
import { MAX_TEXT_CHARACTERS } from "../../../../src/core/run/text-buffer.ts";
import { isComplete, type Position, Transcript } from "../../../../src/core/run/transcript.ts";
import type { FaultRule } from "../../../../src/local/index.ts";
import type { Run } from "../../../../src/seren/index.ts";
import { aRun, lived } from "../harness.ts";

const recordOf = (rows: object[], output?: string): Run => ({
  id: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f",
  deploymentId: "1b6d0d0e-6a53-4d8e-9f0f-0a4a3d1c5b11",
  status: "completed",
  output,
  eventRows: rows,
});
const text = (number: number | null, words: string) => ({ sequence_number: number, type: "text", text: words });
const done = (number: number | null) => ({ sequence_number: number, type: "done", status: "ok" });
const at = (changes: Partial<Position>): Position => ({
  sequence: -1,
  numbered: true,
  latest: -1,
  complete: true,
  since: -1,
  isWhole: false,
  ...changes,
});

function streamed(...rows: object[]): Transcript {
  const transcript = new Transcript();
  for (const row of rows) transcript.apply(row);
  return transcript;
}

const said = (events: Iterable<ExecutionEvent>) =>
  [...events].map((event) => ("text" in event ? event.text : event.type));

describe("the final text", () => {
  test("a stream that said everything twice is corrected by a record that is complete", () => {
    const transcript = streamed(text(null, "ab"), text(null, "ab"));
    const record = recordOf([text(1, "ab"), done(2)]);
    expect(transcript.finalText(record, at({ numbered: false }))).toMatchObject({
      text: "ab",
      late: "",
      replaced: true,
    });
  });

  test("a record that is not complete takes nothing back", () => {
    const transcript = streamed(text(1, "ab"), text(2, "cd"));
    const position = at({ sequence: 2 });
    expect(transcript.finalText(recordOf([text(1, "ab")]), position)).toMatchObject({
      text: "abcd",
      late: "",
      replaced: false,
    });
  });

  test("the process output stands in for text events only where there are none", () => {
    const transcript = streamed(text(3, "said"));
    const record = recordOf([{ sequence_number: 1, type: "thinking", text: "hm" }], "the output");
    expect(transcript.finalText(record, at({ sequence: 3 })).text).toBe("said");
    expect(streamed().finalText(record, at({})).text).toBe("the output");
  });
});

describe("an answer longer than what is kept of it", () => {
  const long = `${"x".repeat(MAX_TEXT_CHARACTERS - 1)}🙂`; // its last character is cut in two by the bound
  const end = " and the end";
  const position = at({ sequence: 2 });

  test("is recognised in the record, and only its missing end is emitted", () => {
    const transcript = streamed(text(1, long), text(2, " and"));
    const final = transcript.finalText(recordOf([text(1, long + end), done(2)]), position);
    expect(final).toMatchObject({ length: (long + end).length, late: " the end", replaced: false });
    expect(final.text).toBe(long.slice(0, MAX_TEXT_CHARACTERS));
  });

  test("is not taken back by a record that stops in the middle of it", () => {
    const transcript = streamed(text(1, long), text(2, end));
    for (const part of ["xx", long, `${long} and`]) {
      const final = transcript.finalText(recordOf([text(1, part)]), position);
      expect(final).toMatchObject({ length: (long + end).length, late: "", replaced: false });
    }
  });

  test("that differs from the record beyond the bound is replaced", () => {
    const transcript = streamed(text(1, long), text(2, " AND the end"));
    const final = transcript.finalText(recordOf([text(1, long + end), done(2)]), position);
    expect(final).toMatchObject({ length: (long + end).length, late: "", replaced: true });
  });
});

test("events that came without a number are not repeated from the record", () => {
  const record = recordOf([text(1, "a"), text(2, "b"), done(3)]);
  expect(said(streamed(text(null, "a")).missing(record, at({ numbered: false })))).toEqual([]);
  expect(said(streamed(text(1, "a")).missing(record, at({ sequence: 1 })))).toEqual(["b"]);
});

test.each([
  ["its last event is the end", [text(1, "a"), done(2)], at({ complete: false, latest: 9 }), true],
  ["it goes as far as the stream did", [text(1, "a")], at({ sequence: 1 }), true],
  ["the stream went further", [text(1, "a")], at({ sequence: 2 }), false],
  ["the service spoke of more", [text(1, "a")], at({ sequence: 1, latest: 2 }), false],
  ["the stream did not get to its end", [text(1, "a")], at({ sequence: 1, complete: false }), false],
  ["nothing had a number", [text(null, "a")], at({ numbered: false }), false],
  ["nothing had a number, and the log has no more", [text(null, "a")], at({ numbered: false, isWhole: true }), true],
])("whether a record is complete when %s", (_, rows, position, expected) => {
  expect(isComplete(recordOf(rows), position)).toBe(expected);
});

test("a record that lags behind is read until it has everything that the broken stream did not bring", async () => {
  const script = [{ text: "a", n: 10, every_ms: 10 }, { tool: "search", ms: 5 }, { text: "end" }];
  const { problems, recorders } = await lived(
    [aRun({ script })],
    [
      { kind: "cut", where: "stream", times: 9, frames: 2 },
      { kind: "lag", where: "any", ms: 2_000, events_only: true },
    ],
  );
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome?.text).toBe("aaaaaaaaaaend");
  expect(recorders[0]?.tools).toEqual(["call call_11 search", "result call_11"]);
  expect([...(recorders[0]?.phases.keys() ?? [])].at(-1)).toBe("reconciling");
});

test("an event that came once with its number and once without is told once in the end, also when no event says that it is one", async () => {
  const script = [{ interrupt: "once" }, { text: "line\n", n: 5, every_ms: 0 }, { interrupt: "again" }];
  const { problems, recorders } = await lived(
    [aRun({ script })],
    [
      { kind: "duplicate", where: "stream", every: 3 },
      { kind: "no_ids", where: "stream" },
      { kind: "odd", where: "stream", frame: "run.event/text", path: "sequence_number", oddity: "array", after: 1 },
    ],
  );
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome?.text).toBe("line\n".repeat(5));
});

test("an answer longer than what is kept of it says so in its outcome, too", async () => {
  const { problems, recorders } = await lived([aRun({ script: [{ text: "x".repeat(1_024), n: 1_100, every_ms: 0 }] })]);
  expect(problems.filter((problem) => !problem.startsWith("I3"))).toEqual([]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "completed", shortened: true });
  expect(recorders[0]?.outcome?.cut).toBeUndefined();
  expect(recorders[0]?.outcome?.text).toHaveLength(MAX_TEXT_CHARACTERS);
});

test("the record of a run that was stopped in the middle is read until it is complete as well", async () => {
  const script = [{ text: "a", n: 10, every_ms: 100 }];
  const run = aRun({ script, stops: [{ by: "host", phase: "running", ms: 450 }] });
  const { problems, recorders } = await lived(
    [run],
    [
      { kind: "lag", where: "record", ms: 1_000, events_only: true },
      { kind: "slow_cancel", where: "cancel", times: 9, ms: 60_000 },
    ],
  );
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "completed", text: "aaaaaaaaaa" });
});

test("an end that is read at once has no status of its own", async () => {
  const { problems, recorders } = await lived([aRun()]);
  expect(problems).toEqual([]);
  expect(recorders[0]?.phases.has("queued")).toBe(true);
  expect(recorders[0]?.phases.has("reconciling")).toBe(false);
});

describe("a record whose status is a word that nobody knows, or none", () => {
  const odd: FaultRule[][] = ["unknown_word", "number", "long_string", "absent"].flatMap((oddity) =>
    [["record"], ["record", "state"]].map((places) =>
      places.map((where) => ({ kind: "odd", where, path: "data.status", oddity }) as FaultRule),
    ),
  );

  test.each(odd.map((rules) => [JSON.stringify(rules), rules] as const))(
    "leaves it to the state and the stream: %s",
    async (_, rules) => {
      const { problems, recorders } = await lived([aRun()], rules);
      expect(problems).toEqual([]);
      expect(recorders[0]?.outcome).toMatchObject({ kind: "completed", text: "answer" });
    },
  );

  const waiting: FaultRule[][] = [
    ...odd.filter(({ length }) => length === 1),
    [{ kind: "odd", where: "approvals", path: "data.status", oddity: "unknown_word" }],
  ];

  test.each(waiting.map((rules) => [JSON.stringify(rules), rules] as const))(
    "does not hide that the run waits for a person: %s",
    async (_, rules) => {
      const run = aRun({ script: [{ approve: "deploy", on_reject: "block" }], onApproval: "return" });
      const { recorders } = await lived([run], rules);
      expect(recorders[0]?.outcome).toMatchObject({ kind: "awaiting_approval" });
    },
  );
});
