import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { download } from "../../../../src/seren/http/download.ts";
import { realAmbient } from "../../../../src/support/ambient.ts";

let server: Server;
let origin: string;
const seen: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    if (request.url === "/moved") return response.writeHead(302, { location: "/file" }).end();
    if (request.url === "/missing") return response.writeHead(404).end();
    if (request.url === "/cut")
      return response.writeHead(200, { "content-length": "100" }).write("abc", () => response.destroy());
    return response.end("0123456789");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test("downloads the bytes without a key", async () => {
  expect(
    Buffer.from(await download({ ambient: realAmbient, address: `${origin}/file`, maxBytes: 10 })).toString(),
  ).toBe("0123456789");
  expect(seen.every((value) => value === undefined)).toBe(true);
});

test.each([
  ["/file", 9, "it is larger than 9 bytes"],
  ["/missing", 10, "its address answered HTTP 404"],
  ["/moved", 10, "its address answered HTTP 302"],
  ["/cut", 100, "its address could not be reached"],
])("%s with room for %i bytes: %s", async (path, room, message) => {
  await expect(download({ ambient: realAmbient, address: origin + path, maxBytes: room })).rejects.toThrow(message);
});

test.each([
  ["http://files.example/x", "its address is not https"],
  ["file:///etc/passwd", "its address is not https"],
  ["nonsense", "its address is not a URL"],
  ["https://user:pass@files.example/", "its address carries a password"],
])("%s is refused: %s", async (address, message) => {
  await expect(download({ ambient: realAmbient, address, maxBytes: 10 })).rejects.toThrow(message);
});
