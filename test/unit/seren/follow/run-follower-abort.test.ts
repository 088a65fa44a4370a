import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { Stopped } from "../../../../src/support/abort.ts";
import { state, text } from "./rows.ts";
import { control, END, type Followed, frame, NOTHING, RunService, stream } from "./run-service.ts";

const ONE = text(1, "one ");
const TWO = text(2, "two");

describe("silence", () => {
  test("of a minute: the state is read and the stream reopened at its position", async () => {
    const service = new RunService().opens(stream(frame(1, ONE)), stream(frame(2, TWO), END));
    const start = service.harness.ambient.now();
    const { events, trail } = await service.follow();
    expect(events).toEqual([ONE, TWO]);
    expect(trail).toEqual(["event", "running", "reconnecting", "event"]);
    expect(service.harness.transport.to("GET /runs/*/state")[0]?.at).toBe(start + 60_000);
    expect(service.cursors).toEqual([undefined, "1"]);
    expect(service.left).toEqual(NOTHING);
  });

  test("is not a failure: a run that is silent for a day is followed for a day", async () => {
    const service = new RunService();
    const start = service.harness.ambient.now();
    service.opens(() => (service.harness.ambient.now() - start < 86_400_000 ? stream() : stream(frame(1, ONE), END)));
    expect((await service.follow()).events).toEqual([ONE]);
    expect(service.openings.length).toBeGreaterThan(900);
    expect(service.left).toEqual(NOTHING);
  });

  test("of a run that has ended ends the following", async () => {
    const service = new RunService().opens(stream(frame(1, ONE)));
    service.state = () => state({ status: "failed", terminal: true, latest_sequence: 1 });
    expect(await service.follow()).toMatchObject({ events: [ONE], end: { complete: false } });
  });

  test("is ended by a comment, but only for three minutes without a frame", async () => {
    const comments = Array(60)
      .fill([": keep-alive\n\n", { waitMs: 15_000 }])
      .flat();
    const service = new RunService().opens(stream(frame(1, ONE), ...comments, END), stream(frame(2, TWO), END));
    const start = service.harness.ambient.now();
    expect((await service.follow()).events).toEqual([ONE, TWO]);
    expect(service.harness.transport.to("GET /runs/*/state").map(({ at }) => at - start)).toEqual([180_000]);
  });

  test("is ended by half a frame, and by each frame", async () => {
    const slow = [frame(1, ONE), { waitMs: 59_000 }, "id: 2\n", { waitMs: 59_000 }, "data: ", { waitMs: 59_000 }];
    const service = new RunService().opens(stream(...slow, `${JSON.stringify(TWO)}\n\n`, { waitMs: 59_999 }, END));
    expect((await service.follow()).events).toEqual([ONE, TWO]);
    expect(service.openings).toHaveLength(1);
  });

  test("is not caused by a slow reader", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), frame(2, TWO), END));
    const { ambient } = service.harness;
    const slowly = service.start(
      { events: [], trail: [] },
      () => new Promise((resolve) => void ambient.timer(600_000, resolve)),
    );
    expect((await ambient.runUntil(slowly)).events).toEqual([ONE, TWO]);
    expect(service.openings).toHaveLength(1);
    expect(service.harness.transport.to("GET /runs/*/state")).toEqual([]);
  });
});

const TOO_NEW = "a run too new to be known";
const never = { afterMs: Number.POSITIVE_INFINITY };
/** Ways to be waiting for something when the abort comes. */
const STATES: Record<string, (service: RunService) => void> = {
  "opening the stream": (service) => service.opens(() => new Promise(() => undefined)),
  "the first bytes": (service) => service.opens(stream()),
  "the rest of a frame": (service) => service.opens(stream(frame(1, ONE), "id: 2\ndata: {")),
  "keep-alive comments": (service) =>
    service.opens(
      stream(
        ...Array(9_999)
          .fill([": c\n\n", { waitMs: 9_000 }])
          .flat(),
      ),
    ),
  "the state after a cut": (service) => {
    service.opens(stream("cut"));
    service.state = () => never;
  },
  "the record where there is no state": (service) => {
    service.opens(stream("cut"));
    service.state = () => ({ status: 404 });
    service.harness.transport.on("GET /runs/*", () => never);
  },
  "a service that is down": (service) => {
    service.opens({ status: 503 });
    service.state = () => ({ status: 503 });
  },
  "the time to reconnect": (service) => service.opens({ status: 429, headers: { "retry-after": "86400" } }),
  "a refused stream's second try": (service) => service.opens({ status: 404 }, () => new Promise(() => undefined)),
  "the log for a gap": (service) => {
    service.opens(stream(frame(1, ONE), frame(5, TWO)));
    service.harness.transport.on("GET /runs/*/events", () => never);
  },
  "a log that lags": (service) => {
    service.opens(() => stream(...[1, 3, 5, 7, 9].map((sequence) => frame(sequence, text(sequence, "x")))));
  },
  "the log, polling": (service) => {
    service.opens({ status: 501 });
    service.harness.transport.on("GET /runs/*/events", () => never);
  },
  "the state, polling": (service) => {
    service.opens({ status: 501 });
    service.state = () => never;
  },
  "the next poll": (service) => service.opens({ status: 501 }),
  [TOO_NEW]: (service) => {
    service.opens({ status: 404 });
    service.state = () => ({ status: 404 });
    service.harness.transport
      .on("GET /runs/*/events", () => ({ status: 404 }))
      .on("GET /runs/*", () => ({ status: 404 }));
  },
};

describe("an abort", () => {
  describe.each(Object.entries(STATES))("while waiting for %s", (what, prepare) => {
    test.each([0, 1, 400, 1_100, 1_750, 2_600, 5_000, 59_999, 61_000])(
      "after %i ms ends it at once with the reason and leaves nothing behind",
      async (ms) => {
        const service = new RunService();
        prepare(service);
        const reason = new Stopped("host");
        const { ambient } = service.harness;
        const outcome = service.start({ events: [], trail: [] }).catch((error: unknown) => error);
        await ambient.advance(ms);
        const at = ambient.now();
        service.controller.abort(reason);
        const ended = await ambient.runUntil(outcome);
        if (what === TOO_NEW && ms > 20_000) expect(ended).toMatchObject({ kind: "not_found" });
        else expect(ended).toBe(reason);
        expect(ambient.now()).toBe(at);
        expect(service.left).toEqual(NOTHING);
        expect(getEventListeners(service.controller.signal, "abort")).toHaveLength(0);
      },
    );
  });

  test("before the start makes no request", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), END));
    const reason = new Stopped("shutdown");
    service.controller.abort(reason);
    await expect(service.follow()).rejects.toBe(reason);
    expect(service.harness.transport.sent).toEqual([]);
    expect(service.left).toEqual(NOTHING);
  });

  test("while the reader holds an event closes the stream with the next step", async () => {
    const service = new RunService().opens(stream(frame(1, ONE), { waitMs: 1 }, frame(2, TWO), END));
    const reason = new Stopped("deadline");
    const seen: Followed = { events: [], trail: [] };
    const outcome = service.start(seen, () => service.controller.abort(reason));
    await expect(service.harness.ambient.runUntil(outcome)).rejects.toBe(reason);
    expect(seen.events).toEqual([ONE]);
    expect(service.left).toEqual(NOTHING);
  });
});

describe("a reader that leaves", () => {
  test.each([["an event"], ["a state"], ["the reconnecting"]])("at %s closes everything", async (what) => {
    const service = new RunService().opens(
      stream(control("run.state", state({ latest_sequence: 9 })), frame(1, ONE), "cut"),
      stream(),
    );
    const items = service.follower.follow();
    const wanted = what === "an event" ? "events" : what === "a state" ? "state" : "reconnecting";
    const leaving = (async () => {
      for await (const item of items) if (item.kind === wanted) return;
    })();
    await service.harness.ambient.runUntil(leaving);
    expect(service.left).toEqual(NOTHING);
    expect(getEventListeners(service.controller.signal, "abort")).toHaveLength(0);
  });
});
