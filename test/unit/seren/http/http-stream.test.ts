import { getEventListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { closed, deferred, httpHarness, KEY } from "./http-server.ts";

const HEAD = { "content-type": "text/event-stream" };
const OPEN = {
  method: "GET",
  path: "/runs/1/stream",
  ...PATIENT,
  timeoutMs: 30_000,
  headers: { accept: "text/event-stream" },
} as const;
const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

/** Streams stay open, and the test holds their server side. */
async function streamRig() {
  const responses: ServerResponse[] = [];
  const harness = await httpHarness((response, { url }) => {
    if (!url?.endsWith("/stream")) return void response.end("{}");
    responses.push(response);
    response.writeHead(200, HEAD).flushHeaders();
  });
  return Object.assign(harness, { responses });
}

const first = async (body: AsyncIterable<Uint8Array>) => {
  const { value } = await body[Symbol.asyncIterator]().next();
  return Buffer.from(value ?? []).toString();
};

describe("a stream", () => {
  test("is requested with the key and the caller's headers, and arrives as it is sent", async () => {
    await using harness = await streamRig();
    const stream = await harness.http.openStream({
      ...PATIENT,
      ...OPEN,
      headers: { ...OPEN.headers, "last-event-id": "7" },
    });
    expect(stream).toMatchObject({ status: 200, headers: HEAD });
    expect(harness.got[0]?.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      accept: "text/event-stream",
      "last-event-id": "7",
    });
    harness.responses[0]?.write("data: a\n\n");
    expect(await first(stream.body)).toBe("data: a\n\n");
    stream.close();
  });

  test("ends when the server ends it", async () => {
    await using harness = await httpHarness((response) => response.writeHead(200, HEAD).end("data: a\n\n"));
    const { signal } = new AbortController();
    const stream = await harness.http.openStream({ ...OPEN, signal });
    let text = "";
    for await (const chunk of stream.body) text += Buffer.from(chunk).toString();
    expect(text).toBe("data: a\n\n");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test.each([[404], [500], [200]])(
    "answered with %i and no stream is the caller's to judge and to close",
    async (status) => {
      const { promise, resolve } = deferred<ServerResponse>();
      await using harness = await httpHarness((response) => {
        response.writeHead(status, { "content-type": "text/html" }).write("<html>");
        resolve(response);
      });
      const stream = await harness.http.openStream(OPEN);
      expect(stream.status).toBe(status);
      stream.close();
      await closed(await promise);
    },
  );
});

describe("the time limit", () => {
  test("covers the wait for the head", async () => {
    await using harness = await httpHarness(() => undefined);
    const waiting = outcome(harness.http.openStream(OPEN));
    await harness.received(1);
    await harness.ambient.advance(30_000);
    expect(await waiting).toMatchObject({ kind: "unavailable", details: { overdue: true } });
    expect(harness.ambient.waiting).toBe(0);
  });

  test("does not cover the body: a stream may be quiet for days", async () => {
    await using harness = await streamRig();
    const stream = await harness.http.openStream(OPEN);
    expect(harness.ambient.waiting).toBe(0);
    await harness.ambient.advance(172_800_000);
    harness.responses[0]?.write("late");
    expect(await first(stream.body)).toBe("late");
    stream.close();
  });
});

describe("the socket is closed", () => {
  test("by close, whether or not the body is being read", async () => {
    await using harness = await streamRig();
    const unread = await harness.http.openStream(OPEN);
    const read = await harness.http.openStream(OPEN);
    const reading = outcome(first(read.body));
    unread.close();
    read.close();
    expect(await reading).toMatchObject({ kind: "unavailable" });
    await Promise.all(harness.responses.map(closed));
  });

  test("by leaving the loop", async () => {
    await using harness = await streamRig();
    const { signal } = new AbortController();
    const stream = await harness.http.openStream({ ...OPEN, signal });
    harness.responses[0]?.write("a");
    for await (const _ of stream.body) break;
    await Promise.all(harness.responses.map(closed));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test.each([["reads"], ["does not read"]])(
    "by an abort while the caller %s, with the abort's reason",
    async (what) => {
      await using harness = await streamRig();
      const controller = new AbortController();
      const reason = new Error("stop");
      const stream = await harness.http.openStream({ ...OPEN, signal: controller.signal });
      const reading = what === "reads" ? outcome(first(stream.body)) : undefined;
      controller.abort(reason);
      await Promise.all(harness.responses.map(closed));
      expect(await (reading ?? outcome(first(stream.body)))).toBe(reason);
      stream.close();
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    },
  );

  test("by an abort while it is being opened", async () => {
    await using harness = await httpHarness(() => undefined);
    const controller = new AbortController();
    const reason = new Error("stop");
    const waiting = outcome(harness.http.openStream({ ...OPEN, signal: controller.signal }));
    await harness.received(1);
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    expect(harness.ambient.waiting).toBe(0);
  });

  test("before it was opened: no request is made", async () => {
    await using harness = await streamRig();
    expect(await outcome(harness.http.openStream({ ...OPEN, signal: AbortSignal.abort("stop") }))).toBe("stop");
    expect(harness.got).toEqual([]);
  });

  test("twice does no harm", async () => {
    await using harness = await streamRig();
    const stream = await harness.http.openStream(OPEN);
    stream.close();
    stream.close();
    await Promise.all(harness.responses.map(closed));
  });
});

describe("a stream that breaks", () => {
  test("rejects for its reader, after what arrived before", async () => {
    await using harness = await streamRig();
    const stream = await harness.http.openStream(OPEN);
    const chunks: string[] = [];
    const reading = outcome(
      (async () => {
        for await (const chunk of stream.body) {
          chunks.push(Buffer.from(chunk).toString());
          harness.responses[0]?.socket?.resetAndDestroy();
        }
      })(),
    );
    harness.responses[0]?.write("a");
    expect(await reading).toMatchObject({ kind: "unavailable", details: { neverSent: false } });
    expect(chunks).toEqual(["a"]);
  });

  test("before it is read does not end the process", async () => {
    await using harness = await streamRig();
    const stream = await harness.http.openStream(OPEN);
    harness.responses[0]?.socket?.resetAndDestroy();
    await Promise.all(harness.responses.map(closed));
    await expect(
      harness.http.request({ ...PATIENT, method: "GET", path: "/x", timeoutMs: 1_000 }),
    ).resolves.toMatchObject({
      status: 200,
    });
    expect(await outcome(first(stream.body))).toMatchObject({ kind: "unavailable" });
  });
});

test("a hundred open streams delay no call", async () => {
  await using harness = await streamRig();
  const streams = await Promise.all(Array.from({ length: 100 }, () => harness.http.openStream(OPEN)));
  const calls = Array.from({ length: 40 }, () =>
    harness.http.request({ ...PATIENT, method: "GET", path: "/x", timeoutMs: 60_000 }),
  );
  for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
  for (const stream of streams) stream.close();
  await Promise.all(harness.responses.map(closed));
});

test("closing the transport ends open streams", async () => {
  await using harness = await streamRig();
  const stream = await harness.http.openStream(OPEN);
  const reading = outcome(first(stream.body));
  await harness.http.close();
  expect(await reading).toMatchObject({ kind: "unavailable" });
});
