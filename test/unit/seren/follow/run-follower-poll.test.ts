import { describe, expect, test } from "vitest";
import { MAX_FRAME_CHARACTERS } from "../../../../src/seren/follow/sse.ts";
import { data, type Sent } from "../../../support/in-process/fake-transport.ts";
import { record, state, text } from "./rows.ts";
import { END, type Followed, frame, NOTHING, RunService, stream } from "./run-service.ts";

const ONE = text(1, "one ");
const TWO = text(2, "two ");
const THREE = text(3, "three");
const over = state({ status: "completed", terminal: true, latest_sequence: 3 });

/** The log and the state as they are so long after the beginning. */
function unfolding(service: RunService, moments: [ms: number, log: unknown[], state: object][]): RunService {
  const start = service.harness.ambient.now();
  const now = () => moments.filter(([ms]) => ms <= service.harness.ambient.now() - start).at(-1);
  service.harness.transport.on("GET /runs/*/events", ({ query }) => {
    const rest = (now()?.[1] ?? []).slice(Number(query.get("offset")));
    return data(rest.slice(0, service.pageSize), { hasMore: rest.length > service.pageSize });
  });
  service.state = () => now()?.[2] ?? state();
  return service;
}

describe("a stream that is refused", () => {
  test.each([
    ["404", { status: 404 }],
    ["405", { status: 405 }],
    ["406", { status: 406 }],
    ["501", { status: 501 }],
    ["400", { status: 400 }],
    ["204", { status: 204 }],
    ["a redirect", { status: 307 }],
    ["a page", { headers: { "content-type": "text/html" } }],
    ["JSON", { headers: { "content-type": "application/json" } }],
  ])("with %s, is asked for once more after a second, then the log is read instead", async (_, refusal) => {
    const service = new RunService().opens(refusal);
    unfolding(service, [[0, [ONE, TWO, THREE], over]]);
    expect(await service.follow()).toMatchObject({
      events: [ONE, TWO, THREE],
      trail: expect.arrayContaining(["completed"]),
    });
    const [first, second, ...more] = service.openings.map(({ at }: Sent) => at);
    expect((second ?? 0) - (first ?? 0)).toBe(1_000);
    expect(more).toEqual([]);
    expect(service.left).toEqual(NOTHING);
  });

  test("once only, is opened again", async () => {
    const service = new RunService().opens({ status: 404 }, stream(frame(1, ONE), END));
    expect((await service.follow()).events).toEqual([ONE]);
    expect(service.reads).toEqual([]);
  });

  test("twice, with events in between, is opened again", async () => {
    const service = new RunService().opens(
      { status: 404 },
      stream(frame(1, ONE), "cut"),
      { status: 404 },
      stream(frame(2, TWO), END),
    );
    expect((await service.follow()).events).toEqual([ONE, TWO]);
    expect(service.reads).toEqual([]);
  });
});

describe("polling", () => {
  test.each<[string, unknown[], boolean]>([
    ["rows that are no events", [2026, 331, 7], false],
    ["rows that are no events, and more of them", [2026, 331, 7], true],
    ["rows without a number", Array.from({ length: 40 }, () => ({ type: "text", text: "again " })), false],
    ["rows without a number, and more of them", Array.from({ length: 40 }, () => ({ odd: "member" })), true],
    ["nothing but objects", [{}], true],
  ])("ends and does not hammer a log that has %s at every offset", async (_, rows, hasMore) => {
    const service = new RunService().opens({ status: 501 });
    service.state = () => over;
    service.harness.transport.on("GET /runs/*/events", () => {
      if (service.reads.length > 2_000) service.controller.abort(new Error("it asks for ever"));
      return data(rows, { hasMore });
    });
    const start = service.harness.ambient.now();
    await service.follow();
    const seconds = (service.harness.ambient.now() - start) / 1_000;
    expect(service.reads.length).toBeLessThan(20 + 4 * seconds);
    expect(seconds).toBeLessThan(600);
  });

  test("hands on new events every second or two until the run has ended and nothing new came", async () => {
    const service = new RunService().opens({ status: 501 });
    unfolding(service, [
      [0, [], state({ status: "queued" })],
      [4_000, [ONE], state()],
      [9_000, [ONE, TWO], state({ latest_sequence: 2 })],
      [12_000, [ONE, TWO], over],
      [13_000, [ONE, TWO, THREE], over],
    ]);
    const { events, trail } = await service.follow();
    expect(events).toEqual([ONE, TWO, THREE]);
    expect([...new Set(trail)]).toEqual(["queued", "event", "running", "completed"]);
    const times = service.harness.transport.to("GET /runs/*/state").map(({ at }: Sent) => at);
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.max(...waits)).toBe(1_500);
    expect(service.left).toEqual(NOTHING);
  });

  test("reads each row once, page by page", async () => {
    const rows = Array.from({ length: 25 }, (_, index) => text(index + 1, `${index} `));
    const service = new RunService().opens({ status: 501 });
    service.pageSize = 10;
    unfolding(service, [
      [0, rows.slice(0, 12), state()],
      [4_000, rows, over],
    ]);
    expect((await service.follow()).events).toEqual(rows);
    expect([...new Set(service.reads)]).toEqual([0, 10, 12, 22, 25]);
  });

  test("continues at its position in the next call", async () => {
    const service = new RunService().opens({ status: 501 });
    const waiting = state({ status: "awaiting_approval", latest_sequence: 2 });
    unfolding(service, [
      [0, [ONE, TWO], waiting],
      [20_000, [ONE, TWO, THREE], over],
    ]);
    const seen: Followed = { events: [], trail: [] };
    await service.follow(seen);
    expect(seen.trail.at(-1)).toBe("awaiting_approval");
    expect(service.reads.filter((offset) => offset === 0)).toHaveLength(1);
    await service.harness.ambient.advance(20_000);
    await service.follow(seen);
    expect(seen.events).toEqual([ONE, TWO, THREE]);
    expect(service.reads.filter((offset) => offset === 0)).toHaveLength(1);
    expect(service.openings).toHaveLength(2);
  });

  test("waits while the service is down", async () => {
    const service = new RunService().opens({ status: 501 });
    const start = service.harness.ambient.now();
    service.harness.transport.on("GET /runs/*/events", ({ at }) =>
      at - start < 600_000 ? { status: 503 } : data([ONE], { hasMore: false }),
    );
    service.state = () => over;
    expect((await service.follow()).events).toEqual([ONE]);
  });

  test.each([
    ["does not exist", { status: 404 }],
    ["is not offered", { status: 501 }],
    ["is forbidden", { status: 403 }],
    ["cannot be read", { body: "<html>" }],
  ])("a log that %s leaves the state to decide", async (_, reply) => {
    const service = new RunService().opens({ status: 501 });
    service.harness.transport.on("GET /runs/*/events", () => reply);
    const start = service.harness.ambient.now();
    service.state = () => (service.harness.ambient.now() - start < 30_000 ? state() : over);
    expect((await service.follow()).trail.at(-1)).toBe("completed");
    expect(service.left).toEqual(NOTHING);
  });

  test("a key that is not accepted ends it", async () => {
    const service = new RunService().opens({ status: 501 });
    service.harness.transport.on("GET /runs/*/events", () => ({ status: 401 }));
    await expect(service.follow()).rejects.toMatchObject({ kind: "unauthorized" });
  });

  test("a log that announces more and shows nothing is not read endlessly", async () => {
    const service = new RunService().opens({ status: 501 });
    service.harness.transport.on("GET /runs/*/events", () => data([], { hasMore: true }));
    service.state = () => over;
    expect((await service.follow()).events).toEqual([]);
    expect(service.reads).toHaveLength(2);
  });
});

test("a log that grows as it is read is asked for once a second, not a thousand times", async () => {
  const service = new RunService().opens({ status: 501 });
  const start = service.harness.ambient.now();
  const grows = () => service.harness.ambient.now() - start < 30_000;
  service.harness.transport.on("GET /runs/*/events", ({ query }) => {
    const sequence = Number(query.get("offset")) + 1;

    return { ...data(grows() ? [text(sequence, "x")] : [], { hasMore: grows() }), afterMs: 1 };
  });
  service.state = () => (grows() ? state() : over);
  const { events } = await service.follow();
  expect(events.length).toBeGreaterThan(30);
  expect(service.reads.length).toBeLessThan(60);
});

describe("a run that is not known everywhere yet", () => {
  test("is waited for, and its log is read once it is there", async () => {
    const service = new RunService().opens({ status: 404 });
    const start = service.harness.ambient.now();
    const known = () => service.harness.ambient.now() - start > 5_000;
    service.harness.transport
      .on("GET /runs/*/events", () => (known() ? data([ONE], { hasMore: false }) : { status: 404 }))
      .on("GET /runs/*", () => (known() ? data(record()) : { status: 404 }));
    service.state = () => (known() ? over : { status: 404 });
    expect((await service.follow()).events).toEqual([ONE]);
  });

  test("and never appears is not found", async () => {
    const service = new RunService().opens({ status: 404 });
    service.harness.transport
      .on("GET /runs/*/events", () => ({ status: 404 }))
      .on("GET /runs/*", () => ({ status: 404 }));
    service.state = () => ({ status: 404 });
    const start = service.harness.ambient.now();
    await expect(service.follow()).rejects.toMatchObject({ kind: "not_found" });
    expect(service.harness.ambient.now() - start).toBeLessThan(15_000);
    expect(service.left).toEqual(NOTHING);
  });

  test("one that disappears later is not waited for", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), { waitMs: 30_000 }, "cut"), { status: 404 });
    service.harness.transport.on("GET /runs/*", () => ({ status: 404 }));
    service.state = () => ({ status: 404 });
    await expect(service.follow()).rejects.toMatchObject({ kind: "not_found" });
  });
});

test("a frame that is too large is read from the log, and the stream is given up", async () => {
  const huge = text(2, "x".repeat(MAX_FRAME_CHARACTERS));
  const chunks = [frame(1, ONE), "id: 2\ndata: ", ...Array(5).fill("x".repeat(MAX_FRAME_CHARACTERS / 4))];
  const service = new RunService().opens(stream(...chunks), stream(...chunks.slice(1)));
  unfolding(service, [[0, [ONE, huge, THREE], over]]);
  const { events } = await service.follow();
  expect(events.map((event) => (event as { text: string }).text.length)).toEqual([4, MAX_FRAME_CHARACTERS, 5]);
  expect(service.openings).toHaveLength(2);
  expect(service.left).toEqual(NOTHING);
});
