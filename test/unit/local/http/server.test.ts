/** The embedded service over a real socket. */
import { request as httpRequest } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import {
  type FaultPlan,
  LocalCloud,
  type LocalRequest,
  type LocalResponse,
  PUBLISHER_PREFIX,
  startLocalHttp,
} from "../../../../src/local/index.ts";
import { realAmbient } from "../../../../src/support/ambient.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { DEPLOY, parseFrames, type SseFrame, textOf } from "../../../support/in-process/local-calls.ts";

/** Records when the service learns that a caller is gone. */
class WatchedCloud extends LocalCloud {
  readonly departures: Promise<void>[] = [];
  override handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    this.departures.push(new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true })));
    return super.handle(request, signal);
  }
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(faults?: FaultPlan) {
  const cloud = new WatchedCloud({ ambient: realAmbient, faults, keys: ["seren_test"] });
  const server = await startLocalHttp(cloud);
  open.push(server.close);
  const base = server.origin + PUBLISHER_PREFIX;
  const call = (path: string, init: RequestInit = {}) =>
    fetch(base + path, {
      ...init,
      headers: { authorization: "Bearer seren_test", "content-type": "application/json", ...init.headers },
    });
  const post = async (path: string, body: unknown) => {
    const response = await call(path, { method: "POST", body: JSON.stringify(body) });
    return { status: response.status, ...((await response.json()) as { data: Record<string, string> }) };
  };
  const start = async (steps: object[]) => {
    const deployment = await post("/deploy", DEPLOY);
    const run = await post(`/deployments/${deployment.data.id}/runs`, { message: `@script ${JSON.stringify(steps)}` });
    expect(run.status).toBe(202);
    return String(run.data.run_id);
  };
  return { cloud, server, call, post, start };
}

/** Reads frames until `enough` returns true or the stream ends. Stopping early breaks the connection. */
async function read(response: Response, enough: (frames: SseFrame[]) => boolean = () => false): Promise<SseFrame[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (enough(parseFrames(text))) break;
  }
  return parseFrames(text);
}

test("deploy, run, follow, disconnect, continue from the last event", async () => {
  const { cloud, call, start } = await serve();
  const run = await start([
    { text: "ä{i} ", n: 20, every_ms: 1 },
    { tool: "search", result: "✓" },
  ]);
  const first = await read(
    await call(`/runs/${run}/stream`),
    (frames) => frames.filter(({ id }) => id !== undefined).length >= 5,
  );
  const seen = first.filter(({ id }) => id !== undefined);
  const cursor = seen.at(-1)?.id ?? "";
  const second = await read(await call(`/runs/${run}/stream`, { headers: { "last-event-id": cursor } }));
  expect(second.find(({ id }) => id !== undefined)?.id).toBe(String(Number(cursor) + 1));
  expect(second.at(-1)?.name).toBe("end");
  const all = Array.from({ length: 20 }, (_, i) => `ä${i + 1} `).join("");
  expect(textOf([...first, ...second])).toBe(all);
  const record = (await (await call(`/runs/${run}`)).json()) as { data: { status: string; output: string } };
  expect(record.data).toMatchObject({ status: "completed", output: all });
  expect(cloud.stats()).toMatchObject({ runsActive: [], createsReceived: 1 });
});

test("a reader that disconnects is noticed, and the run goes on", async () => {
  const { cloud, call, start } = await serve();
  const run = await start([{ text: "x" }, { hang: true }]);
  await read(await call(`/runs/${run}/stream`), (frames) => frames.some(({ name }) => name === "replay_complete"));
  await cloud.departures.at(-1);
  expect(cloud.stats()).toMatchObject({ openStreams: 0, runsActive: [run] });
});

test("frames are sent as they happen, not in batches", async () => {
  const { call, post, start } = await serve();
  const run = await start([{ text: "first" }, { approve: "go" }, { text: "second" }]);
  let cancelled: Promise<unknown> | undefined;
  const frames = await read(await call(`/runs/${run}/stream`), (received) => {
    // The run waits for a decision that never comes: only a frame that has already arrived can cause this.
    if (received.some(({ data }) => data.includes("approval_wait"))) cancelled ??= post(`/runs/${run}/cancel`, {});
    return false;
  });
  await cancelled;
  expect(frames.at(-1)).toMatchObject({ name: "end", data: expect.stringContaining('"status":"cancelled"') });
});

test("upload of a bundle to the same origin", async () => {
  const { server, post, call } = await serve();
  const bytes = new Uint8Array([31, 139, 8, 0, 255]);
  const { createHash } = await import("node:crypto");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const { data } = await post("/deployment-bundles", { sha256, size_bytes: 5, source_kind: "tar_gz" });
  expect(String(data.upload_url).startsWith(`${server.origin}/local-uploads/`)).toBe(true);
  const { host: _, ...headers } = data.upload_headers as unknown as Record<string, string>;
  const put = await fetch(String(data.upload_url), { method: "PUT", headers, body: bytes });
  expect(put.status).toBe(200);
  const done = await call(`/deployment-bundles/${data.deployment_bundle_id}/complete`, { method: "POST" });
  expect(done.status).toBe(200);
});

describe("refused requests", () => {
  const ask = (origin: string, headers: Record<string, string>, body?: Buffer) =>
    new Promise<number>((resolve, reject) => {
      const url = new URL(`${origin}${PUBLISHER_PREFIX}/deployments`);
      const request = httpRequest(url, { method: body ? "POST" : "GET", headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
      request.end(body);
    });

  /** Announces 31 MiB, sends all but the last byte, and returns the status that comes nevertheless. */
  const unfinished = (target: string, headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const size = 31 * 1024 * 1024;
      const method = target.includes("local-uploads") ? "PUT" : "POST";
      const request = httpRequest(target, { method, headers: { ...headers, "content-length": size } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      request.on("error", reject);
      open.push(async () => void request.destroy());
      request.write(Buffer.alloc(size - 1));
    });

  test.each([
    ["evil.example", 421],
    ["127.0.0.1", 421],
    ["127.0.0.1:1", 421],
    ["127.0.0.1.evil.example:PORT", 421],
    ["localhost:PORT", 200],
    ["LOCALHOST:PORT", 200],
    ["[::1]:PORT", 200],
  ])("Host %s gives %i", async (host, status) => {
    const { server } = await serve();
    const headers = { host: host.replace("PORT", new URL(server.origin).port), authorization: "Bearer seren_test" };
    expect(await ask(server.origin, headers)).toBe(status);
  });

  test("a caller without the key", async () => {
    const { server } = await serve();
    expect(await ask(server.origin, { authorization: "Bearer other" })).toBe(401);
  });

  test.each(["null", "http://evil.example", "http://localhost:8787"])(
    "a web page, whose Origin is %s",
    async (origin) => {
      const { server } = await serve();
      expect(await ask(server.origin, { authorization: "Bearer seren_test", origin })).toBe(403);
    },
  );

  test.each([
    ["another key", { authorization: "Bearer other" }, "/publishers/seren-cloud/deploy", 401],
    ["no key", {}, "/publishers/seren-cloud/deploy", 401],
    ["no key, for no operation", {}, "/else", 401],
    ["a signature that is none", {}, "/local-uploads/x?X-Amz-Signature=y", 403],
    ["an Origin", { authorization: "Bearer seren_test", origin: "null" }, "/publishers/seren-cloud/deploy", 403],
    [
      "a foreign Host",
      { authorization: "Bearer seren_test", host: "evil.example" },
      "/publishers/seren-cloud/deploy",
      421,
    ],
  ])(
    "a body that never ends, from a caller with %s, is refused before it is read",
    async (_, headers, path, status) => {
      const { server, cloud } = await serve();
      expect(await unfinished(server.origin + path, headers)).toBe(status);
      expect(cloud.departures).toHaveLength(0);
    },
  );

  test("bodies beyond what all of them may take together", async () => {
    const { server, call } = await serve();
    const headers = { authorization: "Bearer seren_test" };
    const sending = Array.from({ length: 6 }, () => unfinished(`${server.origin}${PUBLISHER_PREFIX}/deploy`, headers));
    expect(await Promise.any(sending)).toBe(503);
    expect((await call("/deployments")).status).toBe(200);
  });

  test("a body whose announced length is too large", async () => {
    const { call } = await serve();
    const body = new Blob([new Uint8Array(32 * 1024 * 1024 + 1)]);
    const answer = await call("/deploy", { method: "POST", body }).then(
      (response) => response.status,
      () => "broken off",
    );
    expect([413, "broken off"]).toContain(answer);
  });

  test("a body of a million values", async () => {
    const { call } = await serve();
    const body = `{"tools":[${"[],".repeat(1_000_000)}0]}`;
    expect((await call("/deploy", { method: "POST", body })).status).toBe(413);
  });

  test("an address that other machines could reach", async () => {
    const cloud = new LocalCloud({ ambient: realAmbient });
    await expect(startLocalHttp(cloud, { host: "0.0.0.0" })).rejects.toBeInstanceOf(ExecutionFailure);
  });

  test("a port that is taken", async () => {
    const { server, cloud } = await serve();
    await expect(startLocalHttp(cloud, { port: Number(new URL(server.origin).port) })).rejects.toThrow("it is in use");
  });
});

test("closing the server breaks open connections", async () => {
  const { server, call, start } = await serve();
  const run = await start([{ hang: true }]);
  const reading = read(await call(`/runs/${run}/stream`));
  const broken = expect(reading).rejects.toThrow();
  await server.close();
  await broken;
  await expect(fetch(server.origin)).rejects.toThrow();
});

describe("dropped connections", () => {
  test("before the response", async () => {
    const { call } = await serve({ rules: [{ kind: "drop", where: "deployments" }] });
    await expect(call("/deployments")).rejects.toThrow();
    expect((await call("/deployments")).status).toBe(200);
  });

  test("in the middle of a stream", async () => {
    const { call, start } = await serve({ rules: [{ kind: "cut", where: "stream", frames: 2 }] });
    const run = await start([{ text: "a" }, { text: "b" }]);
    await expect(read(await call(`/runs/${run}/stream`))).rejects.toThrow();
    expect((await read(await call(`/runs/${run}/stream`))).at(-1)?.name).toBe("end");
  });
});
