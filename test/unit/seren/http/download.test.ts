import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DownloadOptions, download } from "../../../../src/seren/http/download.ts";
import { realAmbient } from "../../../../src/support/ambient.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";

let server: Server;
let origin: string;
const seen: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    if (request.url === "/moved") return response.writeHead(302, { location: "/file" }).end();
    if (request.url === "/missing") return response.writeHead(404).end();
    if (request.url === "/silent") return;
    if (request.url?.startsWith("/as/")) {
      const encoding = request.url.slice("/as/".length);
      return response
        .writeHead(200, { "content-encoding": encoding })
        .end(encoding === "gzip" ? gzipSync("0123456789".repeat(1000)) : "0123456789");
    }
    if (request.url === "/cut")
      return response.writeHead(200, { "content-length": "100" }).write("abc", () => response.destroy());
    return response.end("0123456789");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const REMOTE = "https://api.example/publishers/seren-cloud";

async function downloaded(address: string, changes: Partial<DownloadOptions> = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  const options = { ...PATIENT, ambient: realAmbient, maxBytes: 100, service: `${origin}/prefix`, ...changes };
  for await (const chunk of download(address, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("downloads the bytes without a key", async () => {
  expect(await downloaded(`${origin}/file`, { maxBytes: 10 })).toBe("0123456789");
  expect(seen.every((value) => value === undefined)).toBe(true);
});

test.each([
  ["/file", 9, "it is larger than 9 bytes"],
  ["/missing", 10, "its address answered HTTP 404"],
  ["/moved", 10, "its address answered HTTP 302"],
  ["/cut", 100, "its address could not be reached"],
])("%s with room for %i bytes: %s", async (path, room, message) => {
  await expect(downloaded(origin + path, { maxBytes: room })).rejects.toThrow(message);
});

test("what a store keeps compressed is decoded, and bounded as what it becomes", async () => {
  expect(await downloaded(`${origin}/as/gzip`, { maxBytes: 10_000 })).toBe("0123456789".repeat(1000));
  await expect(downloaded(`${origin}/as/gzip`, { maxBytes: 9_999 })).rejects.toThrow("it is larger than 9999 bytes");
  await expect(downloaded(`${origin}/as/zstd`)).rejects.toThrow("its content arrived compressed (zstd)");
  await expect(downloaded(`${origin}/as/br`)).rejects.toThrow(
    "its content arrived compressed (br), which was not asked",
  );
});

test("an address that never answers is left when the signal aborts", async () => {
  const stop = new AbortController();
  server.once("request", () => stop.abort());
  await expect(downloaded(`${origin}/silent`, { signal: stop.signal })).rejects.toThrow("did not answer in time");
});

test.each([
  ["http://files.example/x", "its address is not https"],
  ["file:///etc/passwd", "its address is not https"],
  ["nonsense", "its address is not a URL"],
  ["https://user:pass@files.example/", "its address carries a password"],
  ["ftp://files.example/", "its address is not https"],
  ["data:text/plain,x", "its address is not https"],
])("%s is refused: %s", async (address, message) => {
  await expect(downloaded(address)).rejects.toThrow(message);
});

test("an address of another scheme is not the service's own, whatever its origin", async () => {
  const before = seen.length;
  await expect(downloaded(`blob:${origin}/file`)).rejects.toThrow("its address is not https");
  expect(seen).toHaveLength(before);
});

/** Spellings of this machine and of private networks; `URL` makes plain addresses of the odd ones. */
const PRIVATE = [
  "127.0.0.1",
  "2130706433",
  "0x7f.1",
  "0177.0.0.1",
  "127.1",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:10.0.0.1]",
  "[64:ff9b::10.0.0.1]",
  "[fe80::1]",
  "[fd00::1]",
  "[2002:7f00:1::]",
  "0.0.0.0",
  "10.1.2.3",
  "169.254.169.254",
  "172.31.0.1",
  "192.168.0.1",
  "100.64.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "1２7.0.0.1",
];

test.each(PRIVATE)("https://%s is refused: only the service's own origin may be there", async (host) => {
  await expect(downloaded(`https://${host}:1/x`)).rejects.toThrow("leads to this machine or its own network");
});

test("loopback is refused for a remote service, also without TLS and by name", async () => {
  const { port } = new URL(origin);
  await expect(downloaded(`${origin}/file`, { service: REMOTE })).rejects.toThrow("its address is not https");
  for (const host of ["localhost", "localhost.", "LOCALHOST"]) {
    await expect(downloaded(`https://${host}:${port}/file`, { service: REMOTE })).rejects.toThrow(
      "leads to this machine",
    );
  }
});

test.each([
  ["10.0.0.1", 4],
  ["::1", 6],
  ["::ffff:192.168.0.1", 6],
  ["64:ff9b::a9fe:a9fe", 6],
])(
  "a name that resolves to %s is refused at the moment of connecting, also beside a public address",
  async (address, family) => {
    const addresses = [
      { address: "192.0.9.1", family: 4 },
      { address, family },
    ];
    await expect(
      downloaded("https://files.example/x", { resolve: (_, __, callback) => callback(null, addresses) }),
    ).rejects.toThrow("leads to this machine or its own network");
  },
);

test("a name that resolves to nothing cannot be reached", async () => {
  const resolve: DownloadOptions["resolve"] = (_, __, callback) => callback(new Error("ENOTFOUND"), []);
  await expect(downloaded("https://files.example/x", { resolve })).rejects.toThrow("could not be reached");
});
