/** Answers that are too large to be read at once. */

import { describe, expect, test } from "vitest";
import { readPage } from "../../../../src/seren/client/pages.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { data, type Sent } from "../../../support/in-process/fake-transport.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { RUN, record, state, text } from "../follow/rows.ts";
import { clientHarness } from "./harness.ts";

const tooLarge = () => new ExecutionFailure("contract", "too large", { details: { status: 200, tooLarge: true } });

/** A log of so many events, of which an answer may hold `most`; those of `huge` fit into none. */
function logOf(count: number, most: number, huge: number[] = []) {
  const harness = clientHarness();
  harness.transport.on("GET /runs/*/events", ({ query }: Sent) => {
    const [limit, offset] = [Number(query.get("limit")), Number(query.get("offset"))];
    const rows = Array.from({ length: count }, (_, index) => index).slice(offset, offset + limit);
    if (rows.length > most || rows.some((row) => huge.includes(row))) return tooLarge();
    return data(
      rows.map((row) => text(row, `event ${row}`)),
      { hasMore: offset + limit < count },
    );
  });
  return harness;
}

describe("a page of a listing", () => {
  test.each([
    ["as it is", 500, [500]],
    ["in parts as small as they have to be", 100, [500, 125, ...Array(15).fill(32), 20]],
  ])("is read %s", async (_, most, limits) => {
    const { client, transport } = logOf(700, most);
    const { events, hasMore } = await client.listRunEvents(RUN, 0, PATIENT);
    expect(events).toEqual(Array.from({ length: 500 }, (_, row) => text(row, `event ${row}`)));
    expect(hasMore).toBe(true);
    expect(transport.sent.map(({ query }) => Number(query.get("limit")))).toEqual(limits);
  });

  test("ends where the listing ends", async () => {
    const { client } = logOf(120, 100);
    const { events, hasMore } = await client.listRunEvents(RUN, 10, PATIENT);
    expect(events).toHaveLength(110);
    expect(hasMore).toBe(false);
  });

  test("is given up where every row is too large", async () => {
    const { client, transport } = logOf(600, 0);
    await expect(client.listRunEvents(RUN, 0, PATIENT)).rejects.toThrow("too large");
    expect(transport.sent.length).toBeLessThan(40);
  });

  test.each([1_000, 400_000, 3_900_000, 17_000_000, 40_000_000])(
    "of rows of %i characters costs little more than its rows, and is bounded",
    async (size) => {
      const most = 32 * 1024 * 1024;
      const [part, log] = [{ rows: 500 }, 600];
      let [read, held, offset] = [0, 0, 0];
      const ask = async (limit: number, from: number) => {
        const rows = Math.min(limit, log - from);
        read += Math.min(rows * size, most);
        if (rows * size > most) throw tooLarge();
        return { rows: Array(rows).fill("row"), hasMore: from + rows < log, characters: rows * size };
      };
      for (let hasMore = true; hasMore && offset < log; ) {
        const page = await readPage(ask, { limit: 500, offset }, part).catch(() => undefined);
        if (!page) break;
        hasMore = page.hasMore;
        offset += page.rows.length;
        held = Math.max(held, page.rows.filter((row) => row !== undefined).length * size);
      }
      expect(held).toBeLessThan(1.5 * most);
      expect(read).toBeLessThan(2 * Math.min(offset, log) * size + 14 * most);
      expect(offset).toBe(size > most ? 0 : log);
    },
  );

  test("takes 10,000 rows of a service that does not count, and asks for the rest", async () => {
    const { client, transport } = clientHarness();
    transport.on("GET /runs/*/events", () => data(Array(20_000).fill([]), { hasMore: false }));
    expect(await client.listRunEvents(RUN, 0, PATIENT)).toEqual({ events: Array(10_000).fill([]), hasMore: true });
  });

  test("of millions of values is not parsed", async () => {
    const { client, transport } = clientHarness();
    transport.on("GET /runs/*/events", () => ({ body: `{"data":[${"[],".repeat(2_000_001)}[]]}` }));
    await expect(client.listRunEvents(RUN, 0, PATIENT)).rejects.toMatchObject({ details: { tooLarge: true } });
  });

  test("has undefined where a single row is too large, so that the others keep their places", async () => {
    const { client } = logOf(6, 500, [2]);
    const { events } = await client.listRunEvents(RUN, 0, PATIENT);
    const event = (row: number) => text(row, `event ${row}`);
    expect(events.slice(0, 6)).toEqual([event(0), event(1), undefined, event(3), event(4), event(5)]);
  });
});

test("a record that is too large is replaced by the run's state, and not requested again", async () => {
  const { client, transport } = clientHarness();
  transport.on("GET /runs/*", tooLarge);
  transport.on("GET /runs/*/state", () => data(state({ status: "completed", terminal: true })));
  for (let looks = 0; looks < 3; looks += 1) {
    expect(await client.getRun(RUN, PATIENT)).toMatchObject({
      id: RUN,
      deploymentId: record().deployment_id,
      status: "completed",
    });
  }
  expect(transport.to("GET /runs/*")).toHaveLength(1);
});

test("a cancel whose answer is too large was accepted", async () => {
  const { client, transport } = clientHarness();
  transport.on("POST /runs/*/cancel", tooLarge);
  transport.on("GET /runs/*/state", () => data(state({ status: "cancelled", terminal: true })));
  expect(await client.cancelRun(RUN)).toMatchObject({ id: RUN, status: "cancelled" });
});
