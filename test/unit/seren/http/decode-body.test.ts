/** Answers that arrive compressed although nothing asked for it. */
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { deferred, httpHarness } from "./http-server.ts";

const GET = { ...PATIENT, method: "GET", path: "/runs/1", timeoutMs: 60_000 } as const;
const JSON_TEXT = `{"data":"${"Grüße 😀 ".repeat(2_000)}"}`;

test.each([
  ["gzip", gzipSync(JSON_TEXT)],
  ["GZIP", gzipSync(JSON_TEXT)],
  ["x-gzip", gzipSync(JSON_TEXT)],
  ["deflate", deflateSync(JSON_TEXT)],
  ["br", brotliCompressSync(JSON_TEXT)],
  ["identity", Buffer.from(JSON_TEXT)],
  ["", Buffer.from(JSON_TEXT)],
])("%s is decoded", async (encoding, bytes) => {
  await using harness = await httpHarness((response) => {
    response.writeHead(200, { "content-encoding": encoding });
    response.write(bytes.subarray(0, 10));
    setImmediate(() => response.end(bytes.subarray(10)));
  });
  expect((await harness.http.request(GET)).body).toBe(JSON_TEXT);
});

test("an empty answer stays empty", async () => {
  await using harness = await httpHarness((response) => response.writeHead(202, { "content-encoding": "gzip" }).end());
  expect(await harness.http.request(GET)).toMatchObject({ status: 202, body: "" });
});

test.each(["zstd", "gzip, br", "compress", "constructor", "__proto__"])("%s is named", async (encoding) => {
  await using harness = await httpHarness((response) =>
    response.writeHead(200, { "content-encoding": encoding }).end("x"),
  );
  await expect(harness.http.request(GET)).rejects.toMatchObject({
    kind: "contract",
    message: expect.stringContaining(`arrived compressed (${encoding}), which was not asked for`),
    details: { status: 200 },
  });
});

test("the limit counts what comes out", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  await using harness = await httpHarness(
    (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    { maxBodyBytes: 1024 * 1024 },
  );
  await expect(harness.http.request(GET)).rejects.toMatchObject({ details: { tooLarge: true } });
});

test.each([
  ["gzip", gzipSync(JSON_TEXT).subarray(0, 30)],
  ["gzip", Buffer.from("no gzip")],
  ["deflate", Buffer.from("no deflate")],
  ["br", Buffer.from("no brotli at all")],
])("%s that is cut, or none at all, is a lost answer that is named", async (encoding, bytes) => {
  await using harness = await httpHarness((response) =>
    response.writeHead(200, { "content-encoding": encoding }).end(bytes),
  );
  await expect(harness.http.request(GET)).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining(`arrived compressed (${encoding}), which was not asked for, and damaged`),
    details: { status: 200 },
  });
});

test("a stream is decoded while it goes on", async () => {
  const read = deferred<void>();
  await using harness = await httpHarness((response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-type": "text/event-stream" });
    const gzip = createGzip();
    gzip.pipe(response);
    gzip.write("first");
    gzip.flush();
    void read.promise.then(() => gzip.end("second"));
  });
  const stream = await harness.http.openStream({ ...GET, headers: {} });
  let text = "";
  for await (const bytes of stream.body) {
    text += Buffer.from(bytes).toString();
    if (text === "first") read.resolve();
  }
  expect(text).toBe("firstsecond");
});
