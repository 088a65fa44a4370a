import { describe, expect, test } from "vitest";
import { Calls } from "../../../support/in-process/local-calls.ts";

describe("lists", () => {
  async function three() {
    const calls = new Calls();
    const one = await calls.deploy();
    const two = await calls.deploy();
    const runs = [
      await calls.start(one, [{ artifact: { id: "a", kind: "report", url: "https://x.invalid/1" } }], {
        conversation_id: "c",
      }),
      await calls.start(one, [{ text: "needle" }, { fail: "no" }]),
      await calls.start(two, [{ hang: true }], { thread_id: "t" }),
    ];
    await calls.ambient.advance(10);
    const ids = async (path: string) =>
      (await calls.get(path)).body.data.map(({ id }: { id: string }) => runs.indexOf(id));
    return { calls, one, ids };
  }

  test("filters", async () => {
    const { ids, one } = await three();
    expect(await ids("/runs")).toEqual([2, 1, 0]);
    expect(await ids(`/deployments/${one}/runs`)).toEqual([1, 0]);
    expect(await ids("/runs?status=failed")).toEqual([1]);
    expect(await ids("/runs?status=failed,running&status=queued")).toEqual([2, 1]);
    expect(await ids("/runs?conversation_id=c")).toEqual([0]);
    expect(await ids("/runs?conversation_id=t")).toEqual([2]);
    expect(await ids("/runs?has_artifacts=true")).toEqual([0]);
    expect(await ids("/runs?has_artifacts=false&source=api")).toEqual([2, 1]);
    expect(await ids("/runs?source=cli")).toEqual([]);
    expect(await ids("/runs?compute_backend=aws_container&q=NEEDLE")).toEqual([1]);
    expect(await ids("/runs?started_after=2026-01-01T00:00:00Z&started_before=2026-01-01T01:00:00%2B01:00")).toEqual([
      2, 1, 0,
    ]);
    expect(await ids("/runs?started_after=2026-01-01T00:00:01Z")).toEqual([]);
  });

  test("pages", async () => {
    const { calls, ids } = await three();
    const page = await calls.get("/runs?limit=2&offset=1");
    expect(page.body.pagination).toEqual({ total: 3, count: 2, limit: 2, offset: 1, has_more: false });
    expect((await calls.get("/runs?limit=1")).body.pagination).toMatchObject({ limit: 1, has_more: true });
    expect(await ids("/runs?offset=9")).toEqual([]);
  });

  test.each([
    "status=lost",
    "has_artifacts=1",
    "started_after=yesterday",
    "limit=0",
    "offset=-1",
    "limit=1&limit=2",
    "compute_backend=x",
  ])("?%s is refused", async (query) => {
    expect((await new Calls().get(`/runs?${query}`)).status).toBe(400);
  });
});

test("events are listed in pages and filtered by kind, item and text", async () => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "{i} ", n: 600 }, { tool: "search" }]);
  await calls.ambient.advanceUntilIdle();
  const first = await calls.get(`/runs/${run}/events?limit=500`);
  expect(first.body.pagination).toEqual({ total: 603, count: 500, limit: 500, offset: 0, has_more: true });
  expect(first.body.data[499]).toMatchObject({ sequence_number: 500, text: "500 " });
  expect((await calls.get(`/runs/${run}/events?limit=500&offset=500`)).body.data).toHaveLength(103);
  expect((await calls.get(`/runs/${run}/events`)).body.data).toHaveLength(100);
  expect((await calls.get(`/runs/${run}/events?kind=tool_call_started`)).body.data).toMatchObject([{ name: "search" }]);
  expect((await calls.get(`/runs/${run}/events?item_id=call_601`)).body.data).toHaveLength(2);
  expect((await calls.get(`/runs/${run}/events?q=%22599`)).body.data).toMatchObject([{ text: "599 " }]);
  expect((await calls.get(`/runs/${run}/events?limit=501`)).status).toBe(400);
});
