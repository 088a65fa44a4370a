import { describe, expect, test } from "vitest";
import { digestOf, findRun, type RunTrace } from "../../../../src/seren/start/find-run.ts";
import { data, lost } from "../../../support/in-process/fake-transport.ts";
import { DEPLOYMENT, record } from "../follow/rows.ts";
import { CreateService, GOOD, idOf, MARKER, markerOf } from "./create-service.ts";

const other = (count: number, changes: object = {}) =>
  record({
    id: idOf(9_000 + count),
    created_at: new Date(1_767_225_600_000 - count * 60_000).toISOString(),
    ...changes,
  });
const others = (count: number) => Array.from({ length: count }, (_, index) => other(index + 1));

/** A service with one run of ours on it. */
async function withRun(prepare: (service: CreateService) => void = () => undefined) {
  const service = new CreateService(GOOD);
  prepare(service);
  await service.outcome();
  const trace: RunTrace = {
    requestId: MARKER,
    deploymentId: DEPLOYMENT,
    since: service.harness.ambient.now(),
    conversationId: "talk-1",
    messageDigest: digestOf("hello"),
  };
  const find = (changes: Partial<RunTrace> = {}) =>
    service.harness.ambient.runUntil(
      findRun(service.harness.client, { ...trace, ...changes }, service.controller.signal),
    );
  return { service, find };
}

describe("a run is known by the marker", () => {
  test("whatever else its record says", async () => {
    const { service, find } = await withRun();
    expect(await find({ conversationId: undefined, messageDigest: undefined })).toBe(idOf(1));
    expect(service.looks).toHaveLength(1);
  });

  test("and one with another marker is not ours", async () => {
    const { service, find } = await withRun();
    expect(await find({ requestId: markerOf(2) })).toBeUndefined();
    expect(service.now).toBe(6_000);
  });

  test.each([
    ["text"],
    [null],
    [[MARKER]],
    [undefined],
    [{}],
    [{ odd: "member" }],
    [{ client_request_id: null, message: 7 }],
    [{ message: ["hello"] }],
  ])("in its record, where the list has %j", async (payload) => {
    const { service, find } = await withRun();
    service.list = () => data([record({ id: idOf(1), invocation_payload: payload })]);
    service.harness.transport.on("GET /runs/*", () =>
      data(record({ id: idOf(1), invocation_payload: { client_request_id: MARKER } })),
    );
    expect(await find()).toBe(idOf(1));
  });

  test("in upper case too", async () => {
    const { service, find } = await withRun();
    service.list = () => data([other(1, { invocation_payload: { client_request_id: MARKER.toUpperCase() } })]);
    expect(await find()).toBe(idOf(9_001));
  });

  test.each(["7", "__proto__", "never_heard_of", `${MARKER.slice(0, -1)}`])(
    "and a marker that no client like this one makes, as %s, decides nothing",
    async (client_request_id) => {
      const { service, find } = await withRun();
      const created_at = new Date(service.harness.ambient.now()).toISOString();
      const row = (message: string) =>
        record({
          id: idOf(1),
          created_at,
          conversation_id: "talk-1",
          invocation_payload: { client_request_id, message },
        });
      service.list = () => data([row("hello")]);
      service.harness.transport.on("GET /runs/*", () => data(row("hello")));
      expect(await find()).toBe(idOf(1));
      service.list = () => data([row("another message")]);
      expect(await find()).toBeUndefined();
    },
  );

  test.each([[undefined], ["text"], [{}], [{ message: 7 }]])(
    "and one whose payload is %j leaves it open",
    async (payload) => {
      const { service, find } = await withRun();
      const created_at = new Date(service.harness.ambient.now()).toISOString();
      const unreadable = record({ id: idOf(1), created_at, invocation_payload: payload });
      service.list = () => data([unreadable]);
      service.harness.transport.on("GET /runs/*", () => data(unreadable));
      await expect(find()).rejects.toMatchObject({ kind: "unknown_outcome" });
    },
  );

  test("also where every row has the same id", async () => {
    const { service, find } = await withRun();
    const marked = record({ id: 7, invocation_payload: { client_request_id: MARKER } });
    const others = [1, 2].map(() => record({ id: 7, invocation_payload: { client_request_id: markerOf(3) } }));
    service.list = () => data([others[0], marked, others[1]]);
    expect(await find()).toBe("7");
  });

  test("and one that is listed without an id exists, so nothing is concluded", async () => {
    const { service, find } = await withRun();
    service.list = () => data([record({ id: null, invocation_payload: { client_request_id: MARKER } })]);
    await expect(find()).rejects.toMatchObject({ kind: "unknown_outcome" });
  });
});

describe("a run without its marker", () => {
  const dropped = (service: CreateService) => {
    service.keepsExtras = false;
  };

  test("is known by conversation and message, once ours had time to appear beside it", async () => {
    const { service, find } = await withRun(dropped);
    expect(await find()).toBe(idOf(1));
    expect(service.now).toBe(6_000);
  });

  test("also where every row has the same id", async () => {
    const { service, find } = await withRun(dropped);
    const created_at = new Date(service.harness.ambient.now()).toISOString();
    const row = (message: string) =>
      record({ id: 7, created_at, conversation_id: "talk-1", invocation_payload: { message } });
    service.list = () => data(["bye", "hello", "see you"].map(row));
    service.harness.transport.on("GET /runs/*", () => data(row("hello")));
    expect(await find()).toBe("7");
  });

  test.each<[string, Partial<RunTrace>]>([
    ["of another conversation", { conversationId: "talk-2" }],
    ["with another message", { messageDigest: digestOf("bye") }],
    ["when we sent no conversation", { conversationId: undefined }],
  ])("is not ours: %s", async (_, changes) => {
    const { find } = await withRun(dropped);
    expect(await find(changes)).toBeUndefined();
  });

  test("could be ours when we do not know the message", async () => {
    const { find } = await withRun(dropped);
    await expect(find({ messageDigest: undefined })).rejects.toMatchObject({ kind: "unknown_outcome" });
  });

  test("is not ours when it is older than clocks can differ", async () => {
    const { service, find } = await withRun(dropped);
    expect(await find({ since: service.harness.ambient.now() + 120_001 })).toBeUndefined();
    expect(await find({ since: service.harness.ambient.now() + 100_000 })).toBe(idOf(1));
  });

  test("with a twin: the outcome is unknown", async () => {
    const { service, find } = await withRun(dropped);
    const created_at = new Date(service.harness.ambient.now()).toISOString();
    service.others = [other(1, { created_at, conversation_id: "talk-1", invocation_payload: { message: "hello" } })];
    await expect(find()).rejects.toMatchObject({
      kind: "unknown_outcome",
      message: "more than one run on Seren Cloud could be this one",
      details: { hint: "list_runs" },
    });
  });

  test("is told from an attempt before it that a busy conversation refused", async () => {
    const { service, find } = await withRun(dropped);
    const created_at = new Date(service.harness.ambient.now()).toISOString();
    const refused = {
      status: "failed",
      output_events: [{ type: "error", code: "conversation_busy", cause: "session", retryable: true }],
      conversation_id: "talk-1",
      invocation_payload: { message: "hello" },
    };
    service.others = [other(1, { created_at, ...refused })];
    expect(await find()).toBe(idOf(1));
  });

  test("is not taken for ours when it has the marker of another request", async () => {
    const { find } = await withRun();
    expect(await find({ requestId: markerOf(2) })).toBeUndefined();
  });
});

describe("a long list", () => {
  test("that begins with the newest is read as far as the call, no further", async () => {
    const { service, find } = await withRun((it) => {
      it.others = others(500);
    });
    expect(await find()).toBe(idOf(1));
    expect(service.looks).toHaveLength(1);
  });

  test("that begins with the oldest is read to its end", async () => {
    const { service, find } = await withRun((it) => {
      it.others = others(500);
      it.oldestFirst = true;
    });
    expect(await find()).toBe(idOf(1));
    expect(service.looks).toHaveLength(6);
  });

  test("without order is read to its end", async () => {
    const { find } = await withRun((it) => {
      it.others = [other(900), ...others(250)];
    });
    expect(await find()).toBe(idOf(1));
  });

  test("that never ends leaves the outcome unknown", async () => {
    const { service, find } = await withRun();
    service.list = () => data(others(100).reverse(), { hasMore: true });
    await expect(find()).rejects.toMatchObject({ kind: "unknown_outcome" });
    expect(service.looks).toHaveLength(2);
  });

  test("that says there is more on a page that is not full has ended", async () => {
    const { service, find } = await withRun();
    const marked = [1, 2].map((count) =>
      other(count, { invocation_payload: { client_request_id: markerOf(count + 1) } }),
    );
    service.list = () => data(marked.reverse(), { hasMore: true });
    expect(await find()).toBeUndefined();
  });

  test("whose pages overlap shows one run once", async () => {
    const { service, find } = await withRun();
    const ours = record({ id: idOf(1), invocation_payload: { client_request_id: MARKER } });
    service.list = ({ query }) => data([ours, other(1)].reverse(), { hasMore: query.get("offset") === "0" });
    expect(await find()).toBe(idOf(1));
    expect(service.harness.transport.to("POST /runs/*/cancel")).toEqual([]);
  });

  test("with unreadable records is read nevertheless", async () => {
    const { service, find } = await withRun();
    const ours = record({ id: idOf(1), invocation_payload: { client_request_id: MARKER } });
    service.list = () => data([{ id: "odd" }, null, ours]);
    expect(await find()).toBe(idOf(1));
  });
});

describe("while the service is away", () => {
  test("the lookup waits as long as Retry-After asks", async () => {
    const { service, find } = await withRun();
    service.list = () => (service.now < 40_000 ? { status: 429, headers: { "retry-after": "40" } } : undefined);
    expect(await find()).toBe(idOf(1));
    expect(service.looks).toEqual([0, 40_000]);
  });

  test("an abort ends the lookup after one window", async () => {
    const { service, find } = await withRun();
    service.harness.transport.on("GET /deployments/*/runs", () => lost());
    service.harness.ambient.timer(1_000, () => service.controller.abort("stop"));
    await expect(find()).rejects.toMatchObject({ kind: "unknown_outcome" });
    expect(service.now).toBeLessThan(7_000);
    expect(service.harness.ambient.waiting).toBe(0);
  });
});

test("an absent message has the digest of an empty one", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  expect([digestOf(undefined), digestOf("")]).toEqual([empty, empty]);
  expect(digestOf("hello")).toBe("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
});
