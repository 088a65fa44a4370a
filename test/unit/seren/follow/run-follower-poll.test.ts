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
  const start = service.rig.ambient.now();
  const now = () => moments.filter(([ms]) => ms <= service.rig.ambient.now() - start).at(-1);
  service.rig.transport.on("GET /runs/*/events", ({ query }) => {
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

  test("once only, is a stream like any other", async () => {
    const service = new RunService().opens({ status: 404 }, stream(frame(1, ONE), END));
    expect((await service.follow()).events).toEqual([ONE]);
    expect(service.reads).toEqual([]);
  });

  test("twice, but not in a row, is not given up", async () => {
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
  test("hands on what is new, every second or two, until the run is over and nothing more came", async () => {
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
    const times = service.rig.transport.to("GET /runs/*/state").map(({ at }: Sent) => at);
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

  test("goes on where it was when it is taken up again", async () => {
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
    await service.rig.ambient.advance(20_000);
    await service.follow(seen);
    expect(seen.events).toEqual([ONE, TWO, THREE]);
    expect(service.reads.filter((offset) => offset === 0)).toHaveLength(1);
    expect(service.openings).toHaveLength(2);
  });

  test("waits while the service is away", async () => {
    const service = new RunService().opens({ status: 501 });
    const start = service.rig.ambient.now();
    service.rig.transport.on("GET /runs/*/events", ({ at }) =>
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
  ])("a log that %s leaves the state alone to tell", async (_, reply) => {
    const service = new RunService().opens({ status: 501 });
    service.rig.transport.on("GET /runs/*/events", () => reply);
    const start = service.rig.ambient.now();
    service.state = () => (service.rig.ambient.now() - start < 30_000 ? state() : over);
    expect((await service.follow()).trail.at(-1)).toBe("completed");
    expect(service.left).toEqual(NOTHING);
  });

  test("a key that is not accepted ends it", async () => {
    const service = new RunService().opens({ status: 501 });
    service.rig.transport.on("GET /runs/*/events", () => ({ status: 401 }));
    await expect(service.follow()).rejects.toMatchObject({ kind: "unauthorized" });
  });

  test("a log that says it has more and shows nothing is not read for ever", async () => {
    const service = new RunService().opens({ status: 501 });
    service.rig.transport.on("GET /runs/*/events", () => data([], { hasMore: true }));
    service.state = () => over;
    expect((await service.follow()).events).toEqual([]);
    expect(service.reads).toHaveLength(2);
  });
});

describe("a run that is so new that it is not known everywhere", () => {
  test("is waited for, and its log is read when it is there", async () => {
    const service = new RunService().opens({ status: 404 });
    const start = service.rig.ambient.now();
    const known = () => service.rig.ambient.now() - start > 5_000;
    service.rig.transport
      .on("GET /runs/*/events", () => (known() ? data([ONE], { hasMore: false }) : { status: 404 }))
      .on("GET /runs/*", () => (known() ? data(record()) : { status: 404 }));
    service.state = () => (known() ? over : { status: 404 });
    expect((await service.follow()).events).toEqual([ONE]);
  });

  test("and never appears is not found", async () => {
    const service = new RunService().opens({ status: 404 });
    service.rig.transport.on("GET /runs/*/events", () => ({ status: 404 })).on("GET /runs/*", () => ({ status: 404 }));
    service.state = () => ({ status: 404 });
    const start = service.rig.ambient.now();
    await expect(service.follow()).rejects.toMatchObject({ kind: "not_found" });
    expect(service.rig.ambient.now() - start).toBeLessThan(15_000);
    expect(service.left).toEqual(NOTHING);
  });

  test("one that is gone later is not waited for", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), { waitMs: 30_000 }, "cut"), { status: 404 });
    service.rig.transport.on("GET /runs/*", () => ({ status: 404 }));
    service.state = () => ({ status: 404 });
    await expect(service.follow()).rejects.toMatchObject({ kind: "not_found" });
  });
});

test("a frame too large to hold comes from the log, and is not asked for from the stream for ever", async () => {
  const huge = text(2, "x".repeat(MAX_FRAME_CHARACTERS));
  const chunks = [frame(1, ONE), "id: 2\ndata: ", ...Array(5).fill("x".repeat(MAX_FRAME_CHARACTERS / 4))];
  const service = new RunService().opens(stream(...chunks), stream(...chunks.slice(1)));
  unfolding(service, [[0, [ONE, huge, THREE], over]]);
  const { events } = await service.follow();
  expect(events.map((event) => (event as { text: string }).text.length)).toEqual([4, MAX_FRAME_CHARACTERS, 5]);
  expect(service.openings).toHaveLength(2);
  expect(service.left).toEqual(NOTHING);
});
