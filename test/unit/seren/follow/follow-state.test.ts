import { describe, expect, test } from "vitest";
import { type FollowNews, INITIAL_STATE, reduce } from "../../../../src/seren/follow/follow-state.ts";

const reduceAll = (...news: FollowNews[]) => news.reduce(reduce, INITIAL_STATE);
const status = (value: string): FollowNews => ({ type: "status", status: value });
const lost = (progressed: boolean, refused = false): FollowNews => ({ type: "disconnected", progressed, refused });

describe("connections", () => {
  test("without an event are counted until one brings an event", () => {
    expect(reduceAll(lost(false), lost(false))).toMatchObject({ fruitless: 2, refused: 0 });
    expect(reduceAll(lost(false), lost(true))).toMatchObject({ fruitless: 0, refused: 0 });
  });

  test("that are refused are counted beside others without an event", () => {
    expect(reduceAll(lost(false, true), lost(false), lost(false, true))).toMatchObject({ fruitless: 3, refused: 2 });
    expect(reduceAll(lost(false, true), lost(true, true))).toMatchObject({ fruitless: 0, refused: 1 });
  });

  test("are counted anew in each call, and a replay in each connection", () => {
    expect(reduceAll(lost(false, true), { type: "called" })).toMatchObject({ fruitless: 0, refused: 0 });
    expect(reduceAll({ type: "replayed" })).toMatchObject({ replayed: true });
    expect(reduceAll({ type: "replayed" }, { type: "connecting" })).toMatchObject({ replayed: false });
  });
});

describe("a pause", () => {
  const PAUSE = status("awaiting_approval");
  const REPORT: FollowNews = { type: "returned", status: "awaiting_approval" };

  test("is known from the status, and not across connections", () => {
    expect(reduceAll(PAUSE)).toMatchObject({ paused: true, pauseReported: false });
    expect(reduceAll(PAUSE, { type: "connecting" })).toMatchObject({ paused: false });
  });

  test("stays reported until the run goes on", () => {
    expect(reduceAll(PAUSE, REPORT, { type: "connecting" }, PAUSE)).toMatchObject({
      paused: true,
      pauseReported: true,
    });
    expect(reduceAll(PAUSE, REPORT, status("running"), PAUSE)).toMatchObject({ paused: true, pauseReported: false });
    expect(reduceAll(PAUSE, REPORT, { type: "returned", status: "completed" })).toMatchObject({ pauseReported: false });
  });
});

test("the first error text of the stream stays", () => {
  const error = (message: string | undefined): FollowNews => ({ type: "stream_error", message });
  expect(reduceAll(error(undefined), error("first"), error("second")).streamError).toBe("first");
});
