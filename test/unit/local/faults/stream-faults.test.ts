/** Faults of streams: what happens to frames and to the connections that carry them. */
import { describe, expect, test } from "vitest";
import { ConnectionLost, type FaultPlan } from "../../../../src/local/index.ts";
import { Calls, parseFrames, textOf } from "../../../support/in-process/local-calls.ts";

type Rules = FaultPlan["rules"];
const STEPS = [{ text: "{i}", n: 6 }];

async function ended(rules: Rules, steps: object[] = STEPS) {
  const calls = new Calls({ faults: { rules }, retryMs: 0 });
  const run = await calls.start(await calls.deploy(), steps);
  await calls.ambient.advanceUntilIdle();
  return { calls, run };
}

/** Reads a stream to its end. Resolves with its text and how it ended. */
async function readStream(
  calls: Calls,
  run: string,
  headers: Record<string, string> = {},
): Promise<[text: string, end: string]> {
  const stream = await calls.open(`/runs/${run}/stream`, headers);
  let text = "";
  const reading = (async () => {
    for (let step = await stream.next(); !step.done; step = await stream.next()) text += step.value;
  })();
  const end = await calls.ambient.runUntil(
    reading.then(
      () => "end",
      (error: unknown) => (error instanceof ConnectionLost ? "lost" : `unexpected ${error}`),
    ),
  );
  expect(calls.cloud.stats().openStreams).toBe(0);
  return [text.replace(": hello\n\n", ""), end];
}

const eventsOf = (text: string) => parseFrames(text).filter((frame) => frame.id !== undefined);
const numbers = (text: string) => eventsOf(text).map((frame) => Number(frame.id));

describe("broken connections", () => {
  test.each([
    [{ frames: 0 }, [], "lost"],
    [{ frames: 3 }, [1, 2, 3], "lost"],
    [{ frames: 3, clean: true }, [1, 2, 3], "end"],
    [{ frames: 99 }, [1, 2, 3, 4, 5, 6, 7], "end"],
  ] as const)("cut %j", async (how, seen, end) => {
    const { calls, run } = await ended([{ kind: "cut", where: "stream", ...how }]);
    const [text, actualEnd] = await readStream(calls, run);
    expect([numbers(text), actualEnd]).toEqual([seen, end]);
    expect(await readStream(calls, run).then(([again]) => numbers(again))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("cut within a frame", async () => {
    const { calls, run } = await ended([{ kind: "cut", where: "stream", chars: 250 }]);
    const [text, end] = await readStream(calls, run);
    expect([text.length, end, numbers(text)]).toEqual([250, "lost", [1]]);
  });

  test("stall for a time, in the middle", async () => {
    const { calls, run } = await ended([{ kind: "stall", where: "stream", frames: 2, ms: 70_000 }]);
    const start = calls.ambient.now();
    const [text] = await readStream(calls, run);
    expect([numbers(text), calls.ambient.now() - start]).toEqual([[1, 2, 3, 4, 5, 6, 7], 70_000]);
  });

  test.each([0, 2])("stall after %i frames, until the reader leaves", async (frames) => {
    const { calls, run } = await ended([{ kind: "stall", where: "stream", frames }]);
    const stream = await calls.open(`/runs/${run}/stream`);
    for (let i = 0; i < frames + 1; i += 1) await stream.next();
    let settled = false;
    const waiting = stream.next().then((step) => {
      settled = true;
      return step;
    });
    await calls.ambient.advance(86_400_000);
    expect(settled).toBe(false);
    await stream.return?.();
    expect((await waiting).done).toBe(true);
    expect(calls.cloud.stats().openStreams).toBe(0);
  });

  test.each([
    [{ kind: "error_frame", message: "bad luck" }, "error", '{"error":"bad luck"}'],
    [{ kind: "error_frame", message: "bad luck", plain: true }, "error", "bad luck"],
    [{ kind: "timeout_frame" }, "timeout", '{"status":"completed"}'],
  ] as const)("%j", async (rule, name, data) => {
    const { calls, run } = await ended([{ ...rule, where: "stream", frames: 2 }]);
    const [text, end] = await readStream(calls, run);
    expect(end).toBe("end");
    expect(parseFrames(text).slice(2)).toEqual([{ name, id: undefined, data }]);
  });

  test.each([404, 405, 501, 200])("refused with %i", async (status) => {
    const { calls, run } = await ended([{ kind: "status", where: "stream", status, times: 2 }]);
    const answer = await calls.get(`/runs/${run}/stream`);
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "application/json"]);
  });

  test("the end is missing, or has another name", async () => {
    const { calls, run } = await ended([
      { kind: "no_end", where: "stream" },
      { kind: "end_name", where: "stream", name: "run.completed", after: 1 },
    ]);
    const last = async () => parseFrames((await readStream(calls, run))[0]).at(-1)?.name;
    expect([await last(), await last()]).toEqual(["replay_complete", "run.completed"]);
  });
});

describe("damaged frames", () => {
  const cases: [Rules[number], number[]][] = [
    [{ kind: "replay", where: "stream" }, [1, 2, 3, 4, 5, 6, 7]],
    [{ kind: "reorder", where: "stream", every: 2 }, [3, 5, 4, 7, 6]],
    [{ kind: "duplicate", where: "stream", every: 2 }, [3, 4, 4, 5, 6, 6, 7]],
    [{ kind: "lose", where: "stream", every: 2 }, [3, 5, 7]],
    [{ kind: "no_ids", where: "stream" }, []],
    [{ kind: "unnamed", where: "stream" }, [3, 4, 5, 6, 7]],
    [{ kind: "comments", where: "stream" }, [3, 4, 5, 6, 7]],
    [{ kind: "chop", where: "stream", chars: 3 }, [3, 4, 5, 6, 7]],
    [{ kind: "multiline", where: "stream" }, [3, 4, 5, 6, 7]],
    [{ kind: "unknown_frame", where: "stream", every: 1 }, [3, 4, 5, 6, 7]],
  ];
  test.each(cases)("%j after 2: %j", async (rule, seen) => {
    const { calls, run } = await ended([rule]);
    const [text, end] = await readStream(calls, run, { "last-event-id": "2" });
    expect([numbers(text), end]).toEqual([seen, "end"]);
    for (const { data, name } of parseFrames(text)) {
      expect(JSON.parse(data)).toBeTypeOf("object");
      if (rule.kind === "unnamed" && data.includes('"type"')) expect(name).toBe("");
    }
  });

  test("garble", async () => {
    const { calls, run } = await ended([{ kind: "garble", where: "stream", every: 3 }]);
    const broken = eventsOf((await readStream(calls, run))[0]).map(({ data }) => {
      try {
        return JSON.parse(data) && "";
      } catch {
        return "x";
      }
    });
    expect(broken).toEqual(["", "", "x", "", "", "x", ""]);
  });

  test("a frame held back for reordering follows a live successor", async () => {
    const calls = new Calls({ faults: { rules: [{ kind: "reorder", where: "stream", every: 1 }] } });
    const run = await calls.start(await calls.deploy(), [{ text: "{i}", n: 3, every_ms: 100 }]);
    expect(numbers((await readStream(calls, run))[0])).toEqual([2, 1, 4, 3]);
  });

  test("chunks split frames anywhere", async () => {
    const { calls, run } = await ended([{ kind: "chop", where: "stream", chars: 5 }]);
    const stream = await calls.open(`/runs/${run}/stream`);
    await stream.next();
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual(["id: 1", "\neven"]);
  });

  test("empty ids, and no sequence numbers", async () => {
    const { calls, run } = await ended([
      { kind: "empty_ids", where: "stream" },
      { kind: "no_sequence", where: "stream" },
    ]);
    const [text] = await readStream(calls, run);
    expect(text.startsWith("id: \nevent: run.event\n")).toBe(true);
    expect(JSON.parse(parseFrames(text)[0]?.data ?? "")).toMatchObject({ sequence_number: null, text: "1" });
  });

  test("carriage returns", async () => {
    const { calls, run } = await ended([{ kind: "crlf", where: "stream" }]);
    const [text] = await readStream(calls, run);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(text).toContain("event: end\r\ndata: ");
  });

  test("state before the replay", async () => {
    const { calls, run } = await ended([{ kind: "state_first", where: "stream" }]);
    const [text] = await readStream(calls, run);
    expect(parseFrames(text).map(({ name }) => name)).toEqual([
      "run.state",
      ...Array(7).fill("run.event"),
      "replay_complete",
      "end",
    ]);
  });

  test("a legacy snapshot holds everything so far", async () => {
    const { calls, run } = await ended([{ kind: "legacy", where: "stream" }], [{ text: "a" }, { fail: "no" }]);
    const snapshots = parseFrames((await readStream(calls, run))[0]).filter(({ name }) => name === "run");
    expect(snapshots).toHaveLength(2);
    expect(JSON.parse(snapshots[1]?.data ?? "")).toMatchObject({
      data: { status: "failed", status_message: "no", output: "a", output_events: [{ text: "a" }, { type: "done" }] },
    });
  });
});

test("holes belong to the run: all readers see the same numbers", async () => {
  const calls = new Calls({ faults: { seed: 5, rules: [{ kind: "holes", where: "create_run", most: 4 }] } });
  const run = await calls.start(await calls.deploy(), [{ text: "{i}", n: 20 }]);
  await calls.ambient.advanceUntilIdle();
  const [text] = await readStream(calls, run);
  const seen = numbers(text);
  expect(seen).toHaveLength(21);
  expect(seen.at(-1)).toBeGreaterThan(30);
  expect(numbers((await readStream(calls, run, { "last-event-id": String(seen[9]) }))[0])).toEqual(seen.slice(10));
  expect(
    (await calls.record(run)).output_events.map((event: { sequence_number: number }) => event.sequence_number),
  ).toEqual(seen);
  expect(textOf(parseFrames(text))).toBe(Array.from({ length: 20 }, (_, i) => i + 1).join(""));
});

test("faults combine: streams that are cut and replayed add up to the whole text", async () => {
  const { calls, run } = await ended([
    { kind: "cut", where: "stream", frames: 3, times: 3 },
    { kind: "replay", where: "stream", after: 1 },
    { kind: "chop", where: "stream", chars: 7 },
  ]);
  const seen = new Map<number, string>();
  for (let end = "lost"; end === "lost"; ) {
    const [text, how] = await readStream(calls, run, { "last-event-id": String(Math.max(0, ...seen.keys())) });
    for (const { id, data } of eventsOf(text)) seen.set(Number(id), JSON.parse(data).text ?? "");
    end = how;
  }
  expect([...seen.values()].join("")).toBe("123456");
});
