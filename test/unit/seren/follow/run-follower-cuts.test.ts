import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../../src/local/faults/seeded.ts";
import type { Sent } from "../../../support/in-process/fake-transport.ts";
import { cursorAfter, LOG, recordedBytes } from "./recorded-stream.ts";
import { state } from "./rows.ts";
import { NOTHING, RunService, stream } from "./run-service.ts";

const lastEventId = ({ headers }: Sent) => headers["last-event-id"];
const whole = (request: Sent) => stream(recordedBytes(lastEventId(request)), "end");

function recordedRun(): RunService {
  const service = new RunService();
  service.log = LOG;
  service.state = () => state({ latest_sequence: 12 });
  return service;
}

/** The first `count` bytes, then the connection breaks, or ends as if nothing were wrong. */
const broken = (count: number, how: "cut" | "end") => (request: Sent) =>
  stream(recordedBytes(lastEventId(request)).subarray(0, count), how);

test("without a cut, every event comes once and in order", async () => {
  const service = recordedRun().opens(whole);
  expect((await service.follow()).events).toEqual(LOG);
  expect(service.cursors).toEqual([undefined]);
  expect(service.left).toEqual(NOTHING);
});

test("in chunks of one byte nothing changes", async () => {
  const service = recordedRun().opens(() => stream(...[...recordedBytes()].map((byte) => Uint8Array.of(byte)), "end"));
  expect((await service.follow()).events).toEqual(LOG);
});

describe.each(["cut", "end"] as const)("a connection that breaks at any byte (%s)", (how) => {
  const { length } = recordedBytes();

  test("is resumed after what was handed on, and nothing is lost, doubled or reordered", async () => {
    for (let count = 0; count < length; count += 1) {
      const service = recordedRun().opens(broken(count, how), whole);
      const { events } = await service.follow();
      expect(events, `broken at ${count}`).toEqual(LOG);
      expect(service.cursors, `broken at ${count}`).toEqual([undefined, cursorAfter(count)]);
      expect(service.left).toEqual(NOTHING);
    }
  });

  test("twice, the second time before a first event, keeps the cursor", async () => {
    for (let count = 0; count < length; count += 7) {
      const service = recordedRun().opens(broken(count, how), broken(12, how), broken(30, how), whole);
      const { events } = await service.follow();
      const cursor = cursorAfter(count);
      expect(events, `broken at ${count}`).toEqual(LOG);
      expect(service.cursors, `broken at ${count}`).toEqual([undefined, cursor, cursor, cursor]);
    }
  });

  test("of a server that ignores Last-Event-ID doubles nothing", async () => {
    for (let count = 0; count < length; count += 1) {
      const service = recordedRun().opens(broken(count, how), stream(recordedBytes(), "end"));
      expect((await service.follow()).events, `broken at ${count}`).toEqual(LOG);
    }
  });

  test("where streaming is refused from then on is read from the log, and nothing is doubled", async () => {
    for (let count = 0; count < length; count += 5) {
      const service = recordedRun().opens(broken(count, how), { status: 501 });
      service.state = () => state({ latest_sequence: 12, status: "completed", terminal: service.reads.length > 1 });
      expect((await service.follow()).events, `broken at ${count}`).toEqual(LOG);
    }
  });
});

test("connections that break repeatedly, at any byte, add up to the whole log", async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed);
    let breaks = 1 + Math.floor(random() * 12);
    const expected: (string | undefined)[] = [undefined];
    const service = recordedRun().opens((request) => {
      const cursor = lastEventId(request);
      if (breaks-- === 0) return whole(request);
      const bytes = recordedBytes(cursor);
      const count = Math.floor(random() * bytes.length);
      expected.push(cursorAfter(count, cursor));
      return stream(bytes.subarray(0, count), random() < 0.5 ? "cut" : "end");
    });
    const { events } = await service.follow();
    expect(events, `seed ${seed}`).toEqual(LOG);
    expect(service.cursors, `seed ${seed}`).toEqual(expected);
    expect(service.left).toEqual(NOTHING);
  }
});

test("many connections leave no listener on the signal", async () => {
  let left = 60;
  const service = recordedRun().opens((request) => (left-- > 0 ? broken(200, "cut")(request) : whole(request)));
  await service.follow();
  expect(service.cursors).toHaveLength(61);
  expect(getEventListeners(service.controller.signal, "abort")).toHaveLength(0);
});

test("an event that the reader did not take is repeated", async () => {
  const service = recordedRun().opens(whole);
  const items = service.follower.follow();
  for (;;) {
    const step = await items.next();
    if (!step.done && step.value.kind === "events") break;
  }
  await items.return({ complete: false }); // the reader fails while it holds the first event
  expect(service.left.streams).toBe(0);
  expect(service.follower.cursor.lastEventId).toBeUndefined();
  expect((await service.follow()).events).toEqual(LOG);
});
