import { getEventListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { MockAgent } from "undici";
import { describe, expect, test } from "vitest";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { closed, deferred, httpHarness, KEY } from "./http-server.ts";

const GET = { ...PATIENT, method: "GET", path: "/runs/1", timeoutMs: 60_000 } as const;
const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe("a call", () => {
  test("goes to the publisher's path, with the key in its header and nowhere else", async () => {
    await using harness = await httpHarness((response) => response.end("{}"));
    await harness.http.request({ ...PATIENT, ...GET, path: "/runs?limit=5" });
    const [got] = harness.got;
    expect(got).toMatchObject({ method: "GET", url: "/publishers/seren-cloud/runs?limit=5", body: "" });
    expect(got?.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      accept: "application/json",
      "user-agent": "seren-bridge/test",
    });
    expect(got?.headers["content-type"]).toBeUndefined();
    const { authorization: _, ...others } = got?.headers ?? {};
    expect(JSON.stringify([got?.url, got?.body, others])).not.toContain(KEY);
  });

  test("with a body sends it as JSON, whole", async () => {
    await using harness = await httpHarness((response) => response.end("{}"));
    const body = JSON.stringify({ message: "Grüße 😀" });
    await harness.http.request({ ...PATIENT, ...GET, method: "POST", body });
    expect(harness.got[0]).toMatchObject({ method: "POST", body });
    expect(harness.got[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
    });
  });

  test("with a large answer waits while two others are being read, and small ones pass by", async () => {
    // More than the pipe between here and there holds: what was flushed has been read in good part.
    const large = "x".repeat(16 * 1024 * 1024);
    const held: ServerResponse[] = [];
    const flushed = [deferred<void>(), deferred<void>()] as const;
    await using harness = await httpHarness((response, { url }) => {
      if (url?.endsWith("small")) return void response.end("{}");
      if (!url?.endsWith("held")) return void response.end(large);
      response.write(large, () => flushed[url.includes("first") ? 0 : 1].resolve());
      held.push(response);
    });
    const order: string[] = [];
    const ask = async (path: string) => {
      await harness.http.request({ ...PATIENT, ...GET, path }).then(
        () => order.push(path),
        () => order.push(`${path} broke`),
      );
    };
    const first = ask("/first/held");
    const second = ask("/second/held");
    await Promise.all(flushed.map(({ promise }) => promise));
    const third = ask("/third");
    for (let index = 0; index < 20; index += 1) await harness.http.request({ ...PATIENT, ...GET, path: "/small" });
    expect(order).toEqual([]);
    held[0]?.destroy(); // a slot is free again, however its answer ended
    await third;
    held[1]?.end();
    await Promise.all([first, second]);
    expect(order.filter((path) => !path.includes("broke"))).toEqual(["/third", expect.stringMatching(/held$/)]);
  });

  test("without one is an empty POST", async () => {
    await using harness = await httpHarness((response) => response.end("{}"));
    await harness.http.request({ ...PATIENT, ...GET, method: "POST" });
    expect(harness.got[0]?.headers).toMatchObject({ "content-length": "0" });
  });

  test("is answered with status, headers in lower case, and text", async () => {
    await using harness = await httpHarness((response) => {
      response.writeHead(
        418,
        [
          ["X-Request-Id", "r-1"],
          ["X-Many", "a"],
          ["X-Many", "b"],
        ].flat(),
      );
      const bytes = Buffer.from("\ufeffGrüße 😀");
      response.write(bytes.subarray(0, 6));
      setImmediate(() => response.end(bytes.subarray(6)));
    });
    const { status, headers, body } = await harness.http.request(GET);
    expect({ status, body }).toEqual({ status: 418, body: "Grüße 😀" });
    expect(headers).toMatchObject({ "x-request-id": "r-1", "x-many": "a, b" });
  });

  test("is not redirected, and neither is the key", async () => {
    await using other = await httpHarness((response) => response.end("{}"));
    await using harness = await httpHarness((response) =>
      response.writeHead(307, { location: `${other.origin}/x` }).end(),
    );
    expect(await harness.http.request(GET)).toMatchObject({ status: 307 });
    expect(other.got).toEqual([]);
  });

  test("without a key is not made, and rejects with the reason", async () => {
    const missing = new ExecutionFailure("unauthorized", "no Seren API key");
    await using harness = await httpHarness((response) => response.end("{}"), {
      apiKey: () => {
        throw missing;
      },
    });
    await expect(harness.http.request(GET)).rejects.toBe(missing);
    expect(harness.got).toEqual([]);
    expect(harness.ambient.waiting).toBe(0);
  });

  test("asks for the key each time", async () => {
    let count = 0;
    await using harness = await httpHarness((response) => response.end("{}"), {
      apiKey: () => ({ reveal: () => `key-${++count}` }) as never,
    });
    await harness.http.request(GET);
    await harness.http.request(GET);
    expect(harness.got.map(({ headers }) => headers.authorization)).toEqual(["Bearer key-1", "Bearer key-2"]);
  });
});

describe("the time limit", () => {
  test("is ours: the failure says that the service may still be working on the call", async () => {
    await using harness = await httpHarness(() => undefined);
    const waiting = outcome(harness.http.request(GET));
    await harness.received(1);
    await harness.ambient.advance(59_999);
    expect(harness.ambient.waiting).toBe(1);
    await harness.ambient.advance(1);
    expect(await waiting).toMatchObject({
      kind: "unavailable",
      message: "Seren Cloud did not answer in time; try again later",
      details: { neverSent: false, overdue: true },
    });
    expect(harness.ambient.waiting).toBe(0);
  });

  test("covers the body", async () => {
    const { promise, resolve } = deferred<ServerResponse>();
    await using harness = await httpHarness((response) => {
      response.writeHead(202).write('{"data"');
      resolve(response);
    });
    const waiting = outcome(harness.http.request(GET));
    const response = await promise;
    await harness.ambient.advance(60_000);
    await closed(response);
    expect(await waiting).toMatchObject({ kind: "unavailable", details: { overdue: true } });
  });

  test("covers the time in the queue", async () => {
    await using harness = await httpHarness(() => undefined);
    const sent = Array.from({ length: 32 }, () => outcome(harness.http.request(GET)));
    await harness.received(32);
    const queued = Array.from({ length: 8 }, () =>
      outcome(harness.http.request({ ...PATIENT, ...GET, timeoutMs: 30_000 })),
    );
    await harness.ambient.advance(30_000);
    for (const one of await Promise.all(queued)) expect(one).toMatchObject({ details: { overdue: true } });
    await harness.ambient.advance(30_000);
    for (const one of await Promise.all(sent)) expect(one).toMatchObject({ details: { overdue: true } });
    const next = outcome(harness.http.request({ ...PATIENT, ...GET, path: "/next" }));
    await harness.received(33);
    expect(harness.got.at(-1)?.url).toContain("/next"); // what was given up in the queue is never sent
    await harness.http.close();
    await next;
  });
});

describe("an abort", () => {
  test.each([
    ["before it is sent"],
    ["while it is queued"],
    ["while it waits for the head"],
    ["while it reads the body"],
  ])("%s ends the call with its reason and leaves nothing behind", async (when) => {
    await using harness = await httpHarness((response, { url }) => {
      if (url?.endsWith("body")) response.writeHead(200).write("half");
    });
    const controller = new AbortController();
    const reason = new Error("stop");
    const others =
      when === "while it is queued" ? Array.from({ length: 32 }, () => outcome(harness.http.request(GET))) : [];
    if (others.length > 0) await harness.received(32);
    if (when === "before it is sent") controller.abort(reason);
    const path = when === "while it reads the body" ? "/body" : "/head";
    const waiting = outcome(harness.http.request({ ...GET, path, signal: controller.signal }));
    if (when.startsWith("while it ") && others.length === 0) await harness.received(1);
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(harness.got).toHaveLength(when === "before it is sent" ? 0 : Math.max(1, others.length));
  });

  test("a signal that many calls share collects no listeners", async () => {
    await using harness = await httpHarness((response) => response.end("{}"));
    const { signal } = new AbortController();
    for (let call = 0; call < 30; call += 1) await harness.http.request({ ...GET, signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(harness.ambient.waiting).toBe(0);
  });
});

describe("an answer that is too large", () => {
  test.each([
    [
      "as announced",
      (response: ServerResponse) => response.writeHead(200, { "content-length": "1001" }).end("x".repeat(1_001)),
    ],
    [
      "without end",
      (response: ServerResponse) => {
        response.writeHead(200);
        const more = () => {
          if (!response.destroyed) response.write("x".repeat(500), () => setImmediate(more));
        };
        more();
      },
    ],
    [
      "one that says so, of which the rest never comes",
      (response: ServerResponse) => {
        response.writeHead(200, { "content-length": "1001" });
        response.write("x");
      },
    ],
  ])("is not read: %s", async (_, answer) => {
    await using harness = await httpHarness(answer, { maxBodyBytes: 1_000 });
    expect(await outcome(harness.http.request(GET))).toMatchObject({
      kind: "contract",
      message: "Seren Cloud's answer is larger than 1000 bytes; it was not read",
      details: { status: 200 },
    });
  });

  test("one of exactly that size is", async () => {
    await using harness = await httpHarness((response) => response.end("x".repeat(1_000)), { maxBodyBytes: 1_000 });
    expect((await harness.http.request(GET)).body).toHaveLength(1_000);
  });
});

describe("a connection that breaks", () => {
  test("before the connection: nothing was sent", async () => {
    const harness = await httpHarness(() => undefined);
    await harness[Symbol.asyncDispose]();
    await using other = await httpHarness(() => undefined, { baseUrl: `${harness.origin}/publishers/seren-cloud` });
    expect(await outcome(other.http.request(GET))).toMatchObject({
      kind: "unavailable",
      message: "Seren Cloud could not be reached; check the network and SEREN_API_BASE",
      details: { neverSent: true },
    });
  });

  test("before the head: the fate of the call is unknown", async () => {
    await using harness = await httpHarness((response) => response.socket?.resetAndDestroy());
    const failure = await outcome(harness.http.request(GET));
    expect(failure).toMatchObject({ kind: "unavailable", details: { neverSent: false } });
    expect(failure).not.toMatchObject({ details: { status: expect.anything() } });
  });

  test.each([["reset"], ["closed"]])("in the body (%s): the status is known", async (how) => {
    await using harness = await httpHarness((response) => {
      response.writeHead(202, { "content-length": "100" }).write('{"data":', () => {
        if (how === "reset") response.socket?.resetAndDestroy();
        else response.destroy();
      });
    });
    expect(await outcome(harness.http.request(GET))).toMatchObject({
      kind: "unavailable",
      details: { status: 202 },
    });
  });

  const error = (code: string, syscall?: string) =>
    Object.assign(new Error(`x ${KEY}`), { code, ...(syscall ? { syscall } : {}) });
  test.each<[string, Error, boolean]>([
    ["an unknown host", error("ENOTFOUND", "getaddrinfo"), true],
    ["a name service that does not answer", error("EAI_AGAIN", "getaddrinfo"), true],
    ["no route", error("EHOSTUNREACH", "connect"), true],
    ["a connection that took too long", error("UND_ERR_CONNECT_TIMEOUT"), true],
    ["the system's own time limit for connecting", error("ETIMEDOUT", "connect"), true],
    ["a reset while connecting", error("ECONNRESET", "connect"), true],
    ["a self-signed certificate", error("DEPTH_ZERO_SELF_SIGNED_CERT"), true],
    ["an expired certificate", error("CERT_HAS_EXPIRED"), true],
    ["a certificate of another host", error("ERR_TLS_CERT_ALTNAME_INVALID"), true],
    [
      "all addresses of a host",
      new AggregateError([error("ECONNREFUSED", "connect"), error("ENETUNREACH", "connect")]),
      true,
    ],
    ["one address unsure", new AggregateError([error("ECONNREFUSED", "connect"), error("EPIPE", "write")]), false],
    ["a broken pipe", error("EPIPE", "write"), false],
    ["a reset", error("ECONNRESET", "read"), false],
    ["a time limit later on", error("ETIMEDOUT", "read"), false],
    ["the other side closing", error("UND_ERR_SOCKET"), false],
    ["something wrapped", new Error("outer", { cause: error("ECONNREFUSED", "connect") }), true],
    ["something without a code", new Error("odd"), false],
  ])("because of %s", async (_, thrown, neverSent) => {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    dispatcher
      .get("http://127.0.0.1:1")
      .intercept({ path: () => true })
      .replyWithError(thrown);
    await using harness = await httpHarness(() => undefined, { baseUrl: "http://127.0.0.1:1", dispatcher });
    const failure = await outcome(harness.http.request(GET));
    expect(failure).toMatchObject({ kind: "unavailable", details: { neverSent } });
    expect((failure as Error).message).not.toContain(KEY);
  });
});

test("closing ends what is open", async () => {
  await using harness = await httpHarness(() => undefined);
  const waiting = outcome(harness.http.request(GET));
  await harness.received(1);
  await harness.http.close();
  expect(await waiting).toMatchObject({ kind: "unavailable" });
  expect(harness.ambient.waiting).toBe(0);
});
