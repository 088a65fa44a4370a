import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { UNKNOWN_STATUS } from "../../../../src/seren/model.ts";
import { broken, describeCuts, recordedRun, whole } from "./cuts.ts";
import { LOG, recordedBytes } from "./recorded-stream.ts";
import { NOTHING, stream } from "./run-service.ts";

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

// Every byte: run-follower-cuts.campaign.ts.
describeCuts({ stride: 13, seeds: 30 });

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
  await items.return({ complete: false, status: UNKNOWN_STATUS }); // the reader fails while it holds the first event
  expect(service.left.streams).toBe(0);
  expect(service.follower.cursor.lastEventId).toBeUndefined();
  expect((await service.follow()).events).toEqual(LOG);
});
