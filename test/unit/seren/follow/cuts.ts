/** A recorded run whose stream breaks, at any byte. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../../src/local/faults/seeded.ts";
import type { Sent } from "../../../support/in-process/fake-transport.ts";
import { cursorAfter, frameEnds, LOG, recordedBytes } from "./recorded-stream.ts";
import { state } from "./rows.ts";
import { NOTHING, RunService, stream } from "./run-service.ts";

const lastEventId = ({ headers }: Sent) => headers["last-event-id"];
export const whole = (request: Sent) => stream(recordedBytes(lastEventId(request)), "end");

export function recordedRun(): RunService {
  const service = new RunService();
  service.log = LOG;
  service.state = () => state({ latest_sequence: 12 });
  return service;
}

/** The first `count` bytes, then the connection breaks, or ends as if nothing were wrong. */
export const broken = (count: number, how: "cut" | "end") => (request: Sent) =>
  stream(recordedBytes(lastEventId(request)).subarray(0, count), how);

export interface CutSize {
  /** Distance of the tried bytes; those around the end of a frame are always tried. */
  stride: number;
  /** Random sequences of breaks. */
  seeds: number;
}

export function describeCuts({ stride, seeds }: CutSize): void {
  /** Where the stream breaks; `sparser` is for cases that need fewer. */
  const bytes = (sparser: number) => {
    const { length } = recordedBytes();
    const near = frameEnds().flatMap((end) => [end - 1, end, end + 1]);
    const spread = Array.from(
      { length: Math.ceil(length / (stride * sparser)) },
      (_, index) => index * stride * sparser,
    );
    return [...new Set([...spread, ...(sparser === 1 ? near : [])])].filter((count) => count >= 0 && count < length);
  };

  describe.each(["cut", "end"] as const)(`a connection that breaks, at bytes in steps of ${stride} (%s)`, (how) => {
    test("is resumed after what was handed on, and nothing is lost, doubled or reordered", async () => {
      for (const count of bytes(1)) {
        const service = recordedRun().opens(broken(count, how), whole);
        const { events } = await service.follow();
        expect(events, `broken at ${count}`).toEqual(LOG);
        expect(service.cursors, `broken at ${count}`).toEqual([undefined, cursorAfter(count)]);
        expect(service.left).toEqual(NOTHING);
      }
    });

    test("twice, the second time before a first event, keeps the cursor", async () => {
      for (const count of bytes(7)) {
        const service = recordedRun().opens(broken(count, how), broken(12, how), broken(30, how), whole);
        const { events } = await service.follow();
        const cursor = cursorAfter(count);
        expect(events, `broken at ${count}`).toEqual(LOG);
        expect(service.cursors, `broken at ${count}`).toEqual([undefined, cursor, cursor, cursor]);
      }
    });

    test("of a server that ignores Last-Event-ID doubles nothing", async () => {
      for (const count of bytes(1)) {
        const service = recordedRun().opens(broken(count, how), stream(recordedBytes(), "end"));
        expect((await service.follow()).events, `broken at ${count}`).toEqual(LOG);
      }
    });

    test("where streaming is refused from then on is read from the log, and nothing is doubled", async () => {
      for (const count of bytes(5)) {
        const service = recordedRun().opens(broken(count, how), { status: 501 });
        service.state = () => state({ latest_sequence: 12, status: "completed", terminal: service.reads.length > 1 });
        expect((await service.follow()).events, `broken at ${count}`).toEqual(LOG);
      }
    });
  });

  test("connections that break repeatedly, at any byte, add up to the whole log", async () => {
    for (let seed = 1; seed <= seeds; seed += 1) {
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
}
