import { describe, expect, test } from "vitest";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { lost, type Sent } from "../../../support/in-process/fake-transport.ts";
import { OTHER_RUN, RUN, record, state, text } from "./rows.ts";
import { control, END, type Followed, frame, NOTHING, RunService, stream } from "./run-service.ts";

const ONE = text(1, "one ");
const TWO = text(2, "two ");
const THREE = text(3, "three");
const over = (latest: number, status = "completed") => state({ status, terminal: true, latest_sequence: latest });

describe("events that arrive in one read", () => {
  const FOUR = text(4, "four");
  const together = async (...frames: string[]) => {
    const service = new RunService().opens(stream(frames.join("")));
    const told: unknown[][] = [];
    await service.harness.ambient.runUntil(
      service.start({ events: [], trail: [] }, (item) => void (item.kind === "events" && told.push([...item.events]))),
    );
    return { told, service };
  };

  test("are handed on together, from the second one on", async () => {
    const { told } = await together(frame(1, ONE), frame(2, TWO), frame(3, THREE), frame(4, FOUR), END);
    expect(told).toEqual([[ONE], [TWO, THREE, FOUR]]);
  });

  test("are handed on in order where one of them cannot be handed on together", async () => {
    const { told } = await together(
      frame(1, ONE),
      frame(2, TWO),
      frame(2, TWO),
      control("x", {}),
      frame(3, THREE),
      END,
    );
    expect(told).toEqual([[ONE], [TWO], [THREE]]);
  });

  test("are repeated once after a cut among them", async () => {
    const service = new RunService().opens(
      stream(frame(1, ONE) + frame(2, TWO) + frame(3, THREE), "cut"),
      stream(frame(3, THREE) + frame(4, FOUR) + END),
    );
    expect((await service.follow()).events).toEqual([ONE, TWO, THREE, FOUR]);
    expect(service.cursors).toEqual([undefined, "3"]);
  });
});

test("what the stream says about another run is passed over", async () => {
  const service = new RunService().opens(
    stream(
      frame(1, ONE),
      control("run.state", state({ run_id: OTHER_RUN, status: "failed", terminal: true })),
      control("run", { id: OTHER_RUN, status: "failed", output_events: [TWO] }),
      control("run.state", state({ run_id: RUN.toUpperCase() })),
      frame(2, THREE),
      END,
    ),
  );
  const { trail, events } = await service.follow();
  expect(events).toEqual([ONE, THREE]);
  expect(trail).toEqual(["event", "running", "event"]);
});

describe("the end of the stream", () => {
  test.each(["end", "done", "run.completed", "run.failed", "run.cancelled", "run.canceled"])(
    "a frame named %s ends the following without another request",
    async (name) => {
      const service = new RunService().opens(stream(frame(1, ONE), control(name, { status: "x" }), frame(2, TWO)));
      expect(await service.follow()).toMatchObject({ events: [ONE], trail: ["event"], end: { complete: true } });
      expect(service.harness.transport.sent).toHaveLength(1);
      expect(service.left).toEqual(NOTHING);
    },
  );

  test("a clean end without such a frame is a dropped connection", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), "end"), stream(frame(2, TWO), END));
    expect(await service.follow()).toMatchObject({
      events: [ONE, TWO],
      trail: ["event", "running", "reconnecting", "event"],
    });
    expect(service.cursors).toEqual([undefined, "1"]);
  });

  test("a dropped connection of a run that has ended is not reopened", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), "cut"));
    service.state = () => over(1);
    expect(await service.follow()).toEqual({
      events: [ONE],
      trail: ["event", "completed"],
      end: { complete: false, status: "completed" },
    });
    expect(service.openings).toHaveLength(1);
  });

  test("unless events are missing", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), "cut"), stream(frame(2, TWO), frame(3, THREE), "cut"));
    service.state = () => over(3);
    expect((await service.follow()).events).toEqual([ONE, TWO, THREE]);
  });

  test("missing events are waited for during a few connections", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), "end"), stream("end"));
    service.state = () => over(9);
    expect((await service.follow()).events).toEqual([ONE]);
    expect(service.openings).toHaveLength(4);
    expect(service.harness.ambient.now() - (service.openings[0]?.at ?? 0)).toBeLessThan(5_000);
  });

  test("a terminal state before the replay does not end it", async () => {
    const service = new RunService().opens(
      stream(control("run.state", over(2)), frame(1, ONE), frame(2, TWO), control("replay_complete"), END),
    );
    expect((await service.follow()).events).toEqual([ONE, TWO]);
  });
});

describe("frames without a decision about the run", () => {
  test("`timeout` is the stream's own limit: the state is asked for and the stream reopened", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), control("timeout")), stream(frame(2, TWO), END));
    expect(await service.follow()).toMatchObject({ events: [ONE, TWO], end: { complete: true } });
    expect(service.cursors).toEqual([undefined, "1"]);
    expect(service.left).toEqual(NOTHING);
  });

  test("`timeout` of a run that is over ends it", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), control("timeout")));
    service.state = () => over(1, "timeout");
    expect((await service.follow()).trail).toEqual(["event", "timeout"]);
  });

  test.each([
    ['{"error":"model fell over"}', "model fell over"],
    ["plain words", "plain words"],
    ['{"error":{"message":"deep"}}', "deep"],
    [`{"error":"${"x".repeat(1_000)}"}`, `${"x".repeat(239)}…`],
  ])("`error` with %s is kept, and the run's state decides", async (data, expected) => {
    const service = new RunService().opens(stream(frame(1, ONE), `event: error\ndata: ${data}\n\n`));
    service.state = () => over(1, "failed");
    expect((await service.follow()).end).toEqual({ complete: false, status: "failed", streamError: expected });
  });

  test("the first error stays, even when the run continues", async () => {
    const service = new RunService().opens(
      stream(control("error", { error: "first" })),
      stream(control("error", { error: "second" })),
      stream(frame(1, ONE), END),
    );
    expect(await service.follow()).toMatchObject({ events: [ONE], end: { complete: true, streamError: "first" } });
  });

  test.each([
    ["a state that says neither what nor whether it ended", control("run.state", { phase: "x" })],
    ["a state that is no JSON", "event: run.state\ndata: oops\n\n"],
    ["a snapshot that lacks its status", control("run", { data: { output_events: [ONE] } })],
    ["a name unheard of", control("run.metrics", { type: "text", text: "no" })],
    ["data that is no object", "data: [1]\n\ndata: null\n\ndata: 7\n\n"],
    ["data that is no JSON", "data: ping\n\n"],
  ])("%s is ignored", async (_, odd) => {
    const service = new RunService().opens(stream(frame(1, ONE), odd, frame(2, TWO), END));
    expect(await service.follow()).toMatchObject({ events: [ONE, TWO], trail: ["event", "event"] });
  });

  test("states say whether everything before them was handed on", async () => {
    const service = new RunService().opens(
      stream(
        control("run.state", state({ latest_sequence: 1 })),
        frame(1, ONE),
        control("run.state", state({ latest_sequence: 1 })),
        control("run.state", state({ latest_sequence: 9 })),
        control("replay_complete"),
        control("run.state", state({ latest_sequence: 9 })),
        END,
      ),
    );
    const caughtUp: boolean[] = [];
    await service.harness.ambient.runUntil(
      service.start({ events: [], trail: [] }, (item) => {
        if (item.kind === "state") caughtUp.push(item.caughtUp);
      }),
    );
    expect(caughtUp).toEqual([false, true, false, true]);
  });
});

describe("legacy snapshots", () => {
  const snapshot = (status: string, ...output_events: unknown[]) => control("run", { data: { status, output_events } });
  const bare = (...words: string[]) => words.map((word) => ({ type: "text", text: word }));

  test("repeat everything; only what is new is handed on, even if it is equal", async () => {
    const rows = bare("a", "a", "b", "a");
    const service = new RunService().opens(
      stream(snapshot("running", ...rows.slice(0, 1)), snapshot("running", ...rows.slice(0, 3)), "cut"),
      stream(snapshot("running", ...rows.slice(0, 3)), snapshot("running", ...rows), END),
    );
    expect((await service.follow()).events).toEqual(rows);
  });

  test("may add and drop numbers", async () => {
    const service = new RunService().opens(
      stream(
        snapshot("running", text(null, "one ")),
        snapshot("running", ONE, TWO),
        snapshot("running", text(null, "one "), text(null, "two "), THREE),
        END,
      ),
    );
    expect((await service.follow()).events).toEqual([text(null, "one "), TWO, THREE]);
  });

  test("do not read the log for numbers they leave out", async () => {
    const service = new RunService().opens(stream(snapshot("running", ONE, text(7, "seven")), END));
    expect((await service.follow()).events).toHaveLength(2);
    expect(service.reads).toEqual([]);
  });

  test.each(["completed", "failed", "awaiting_approval"])("that say %s: the state is read", async (status) => {
    const service = new RunService().opens(stream(snapshot(status, ONE)));
    service.state = () => state({ status, latest_sequence: 1 });
    expect(await service.follow()).toMatchObject({ events: [ONE], trail: ["event", status] });
  });

  test("of a service without states: the record's status is used", async () => {
    const service = new RunService().opens(stream(snapshot("completed", ...bare("a"))));
    service.state = () => ({ status: 404 });
    service.harness.transport.on("GET /runs/*", () => ({ body: { data: record({ status: "completed" }) } }));
    expect((await service.follow()).events).toEqual(bare("a"));
  });
});

describe("a run that waits for a person", () => {
  const paused = state({ status: "awaiting_approval", latest_sequence: 1, pending_approval_count: 1 });
  const going = state({ latest_sequence: 1 });

  test.each([
    ["after the replay", [frame(1, ONE), control("run.state", paused), control("replay_complete")]],
    ["before the replay", [control("run.state", paused), frame(1, ONE), control("replay_complete")]],
    [
      "later on",
      [control("run.state", going), frame(1, ONE), control("replay_complete"), control("run.state", paused)],
    ],
  ])("ends the following at once, when all that led to it was handed on: %s", async (_, steps) => {
    const service = new RunService().opens(stream(...steps));
    service.state = () => paused;
    const start = service.harness.ambient.now();
    const { events, trail } = await service.follow();
    expect(events).toEqual([ONE]);
    expect(trail.at(-1)).toBe("awaiting_approval");
    expect(service.harness.ambient.now()).toBe(start);
    expect(service.left).toEqual(NOTHING);
  });

  test.each([
    ["a status that is no text", control("run.state", { ...paused, status: [4] })],
    ["no status", control("run.state", { run_id: RUN, latest_sequence: 1 })],
    ["a word of tomorrow", control("run.state", { ...paused, status: "halted_for_review" })],
    ["the id of another run", control("run.state", { ...paused, run_id: OTHER_RUN })],
    ["a record with the id of another run", control("run", { id: OTHER_RUN, status: "awaiting_approval" })],
    ["no data at all", "event: run.state\ndata: 17\n\n"],
    ["a snapshot without a status", control("run", { data: { output_events: [ONE] } })],
  ])("ends the following although the frame leaves it open: %s", async (_, odd) => {
    const service = new RunService().opens(stream(frame(1, ONE), control("replay_complete"), odd));
    service.state = () => paused;
    const start = service.harness.ambient.now();
    const { events, trail } = await service.follow();
    expect(events).toEqual([ONE]);
    expect(trail.at(-1)).toBe("awaiting_approval");
    expect(service.harness.ambient.now() - start).toBeLessThan(1_000);
    expect(service.left).toEqual(NOTHING);
  });

  test.each([
    ["the record", () => state({ status: 7, latest_sequence: 1 }), () => record({ status: "awaiting_approval" })],
    ["the stream", () => state({ status: "halted", latest_sequence: 1 }), () => record({ status: {} })],
  ])("ends the following where only %s can say it", async (_, live, row) => {
    const service = new RunService().opens(
      stream(frame(1, ONE), control("replay_complete"), control("run.state", paused)),
    );
    service.state = live;
    service.record = row;
    const start = service.harness.ambient.now();
    const { events, trail } = await service.follow();
    expect(events).toEqual([ONE]);
    expect(trail.at(-1)).toBe("awaiting_approval");
    expect(service.harness.ambient.now() - start).toBeLessThan(1_000);
    expect(service.openings).toHaveLength(1);
  });

  test("frames that leave it open neither delay the events nor hammer the service", async () => {
    const odd = Array(200)
      .fill([control("run.state", { ...going, status: 7 }), { waitMs: 50 }])
      .flat();
    const service = new RunService().opens(stream(...odd, frame(1, ONE), END));
    const start = service.harness.ambient.now();
    expect((await service.follow()).events).toEqual([ONE]);
    expect(service.harness.ambient.now() - start).toBe(10_000);
    expect(service.harness.transport.to("GET /runs/*/state").length).toBeLessThanOrEqual(7);
    expect(service.left).toEqual(NOTHING);
  });

  test("is followed through the pause the second time, until it goes on", async () => {
    const service = new RunService().opens(
      stream(frame(1, ONE), control("run.state", paused)),
      stream(
        control("run.state", paused),
        control("replay_complete"),
        { waitMs: 30_000 },
        control("run.state", going),
        frame(2, TWO),
        control("run.state", { ...paused, latest_sequence: 2 }),
      ),
    );
    service.state = () => paused;
    const seen: Followed = { events: [], trail: [] };
    await service.follow(seen);
    await service.follow(seen);
    expect(seen.events).toEqual([ONE, TWO]);
    expect(service.cursors).toEqual([undefined, "1"]);
  });

  test("whose state says that it continues is followed further", async () => {
    const service = new RunService().opens(
      stream(frame(1, ONE), control("run.state", paused)),
      stream(frame(2, TWO), END),
    );
    service.state = () => going;
    expect((await service.follow()).events).toEqual([ONE, TWO]);
  });
});

describe("a service that refuses", () => {
  test.each([
    [401, "unauthorized"],
    [402, "payment_required"],
    [403, "forbidden"],
    [409, "conflict"],
  ])("%i when the stream is opened ends the following with %s", async (status, kind) => {
    const service = new RunService().opens({ status });
    await expect(service.follow()).rejects.toMatchObject({ kind });
    expect(service.left).toEqual(NOTHING);
  });

  test("an unexpected error rejects", async () => {
    const fault = new TypeError("x");
    const service = new RunService().opens(() => {
      throw fault;
    });
    await expect(service.follow()).rejects.toBe(fault);
  });

  test("a refusal of the state ends the following too", async () => {
    const service = new RunService().opens(stream("cut"));
    service.state = () => ({ status: 403 });
    await expect(service.follow()).rejects.toMatchObject({ kind: "forbidden" });
  });
});

describe("a service that is down", () => {
  test("is waited for without a limit, at growing intervals", async () => {
    const service = new RunService();
    const backAt = service.harness.ambient.now() + 3_600_000;
    const back = () => service.harness.ambient.now() >= backAt;
    service.opens(() => (back() ? stream(frame(1, ONE), END) : lost()));
    expect((await service.follow()).events).toEqual([ONE]);
    expect(service.openings.length).toBeGreaterThan(120);
    expect(service.openings.length).toBeLessThan(600);
    expect(service.left).toEqual(NOTHING);
  });

  test("Retry-After of a refused connection is waited for", async () => {
    const service = new RunService().opens(
      { status: 429, headers: { "retry-after": "45" } },
      stream(frame(1, ONE), END),
    );
    await service.follow();
    const [first, second] = service.openings.map(({ at }: Sent) => at);
    expect((second ?? 0) - (first ?? 0)).toBe(45_000);
  });

  test("`retry:` of the stream is kept once a connection brought nothing", async () => {
    const service = new RunService().opens(stream("retry: 9000\n\n", "end"), stream(frame(1, ONE), END));
    await service.follow();
    const [first, second] = service.openings.map(({ at }: Sent) => at);
    expect((second ?? 0) - (first ?? 0)).toBe(9_000);
  });

  test("a stream that brought an event is reopened at once", async () => {
    const service = new RunService().opens(stream("retry: 9000\n\n", frame(1, ONE), "end"), stream(frame(2, TWO), END));
    await service.follow();
    const [first, second] = service.openings.map(({ at }: Sent) => at);
    expect((second ?? 0) - (first ?? 0)).toBeLessThanOrEqual(1); // the least a clock can wait
  });

  test("only the abort ends the following while the service stays down", async () => {
    const service = new RunService().opens(lost());
    service.state = () => ({ status: 503 });
    const outcome = service.start({ events: [], trail: [] }).catch((error: unknown) => error);
    await service.harness.ambient.advance(24 * 3_600_000);
    service.controller.abort(new ExecutionFailure("timed_out", "a day"));
    expect(await outcome).toMatchObject({ kind: "timed_out" });
    expect(service.left).toEqual(NOTHING);
  });
});
