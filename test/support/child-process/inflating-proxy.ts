/** A service whose answers are as large or as deep as no service of the tests could make them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What is put in its place has its size on the wire only. */
export const MARK = "deep-member-here";

/** Hands everything on to `origin`, with `json` in the place of the mark. Returns its own origin. */
export async function inflating(origin: string, json: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "GET", headers } = request;
    const answer = await fetch(origin + request.url, {
      method,
      headers: { authorization: headers.authorization ?? "", "content-type": "application/json" },
      ...(method === "GET" ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body ?? []) {
        response.write(decoder.decode(chunk, { stream: true }).replaceAll(`"${MARK}"`, json));
      }
      response.end();
    } catch {
      response.destroy(); // the service has ended
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
