/** The embedded service answering from a chat completions endpoint, which is a server of the test on loopback. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ChatRequest } from "../../protocols/openai-chat/index.ts";
import { scratchFolder } from "../support/child-process/child.ts";
import { answerOf, CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { startLocalService } from "../support/child-process/local-service.ts";
import { startProxy } from "../support/child-process/proxy.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const KEY = "sk-model-key-0815-4711";

interface Asked {
  path: string | undefined;
  authorization: string | undefined;
  body: ChatRequest;
}

interface Model {
  url: string;
  asked: Asked[];
  env: Record<string, string>;
}

type Answer = (response: ServerResponse, request: IncomingMessage, asked: Asked) => void;

async function startModel(answer: Answer): Promise<Model> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Asked = {
      path: request.url,
      authorization: request.headers.authorization,
      body: JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest,
    };
    asked.push(one);
    answer(response, request, one);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return { url, asked, env: { SEREN_API_BASE: "local", SEREN_BRIDGE_MODEL_URL: url, SEREN_BRIDGE_MODEL: "tiny" } };
}

const frame = (value: unknown) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const delta = (piece: object, finish_reason: string | null = null) => ({ choices: [{ delta: piece, finish_reason }] });

/** Streams these chunks; every frame goes out in two writes. */
const streams =
  (...chunks: unknown[]): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const text = chunks.map(frame).join("");
    response.write(text.slice(0, text.length / 2));
    response.end(text.slice(text.length / 2));
  };

const HELLO = [
  delta({ role: "assistant", content: "" }),
  delta({ reasoning_content: "hm" }),
  delta({ content: "Hé" }),
  delta({ content: "llo.\n" }),
  delta({}, "stop"),
  { choices: [], usage: { prompt_tokens: 12, completion_tokens: 3 } },
  "[DONE]",
];

test("its text, reasoning and token counts become the run's", async () => {
  const model = await startModel(streams(...HELLO));
  const { ended } = startTerminal({ ...model.env, SEREN_BRIDGE_MODEL_KEY: KEY }, ["run", "--json", "Say hello"]);
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ type }) => type === "thinking")).toEqual([{ type: "thinking", text: "hm" }]);
  expect(lines.at(-1)).toMatchObject({
    outcome: "completed",
    text: "Héllo.\n",
    usage: { input_tokens: 12, output_tokens: 3, inference_usd: "0.000000", compute_usd: "0.000000" },
  });
  expect(model.asked).toMatchObject([
    {
      path: "/v1/chat/completions",
      authorization: `Bearer ${KEY}`,
      body: { model: "tiny", stream: true, stream_options: { include_usage: true } },
    },
  ]);
  expect(model.asked[0]?.body.messages.map(({ role }) => role)).toEqual(["system", "user"]);
  expect(model.asked[0]?.body.messages.at(-1)).toEqual({ role: "user", content: "Say hello" });
  expect(stdout + stderr).not.toContain(KEY);
});

test("without a key none is sent; inputs are part of the message", async () => {
  const model = await startModel(streams(...HELLO));
  const { ended } = startTerminal(model.env, ["run", "--inputs", '{"depth":2}', "Look"]);
  expect(await ended).toMatchObject({ code: 0, stdout: "Héllo.\n" });
  expect(model.asked[0]?.authorization).toBeUndefined();
  expect(model.asked[0]?.body.messages.at(-1)?.content).toBe('Look\n\nInputs:\n{"depth":2}');
});

test("a conversation remembers its earlier turns, also through a restart of `local --state`", async () => {
  const model = await startModel(streams(...HELLO));
  const state = scratchFolder();
  const first = await startLocalService(["--state", state], model.env);
  expect(first.banner).toContain(`Prompts go to ${model.url} (tiny).`);
  expect(await startTerminal(first.env, ["run", "--session", "s", "one"]).ended).toMatchObject({ code: 0 });
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  const second = await startLocalService(["--state", state], model.env);
  expect(await startTerminal(second.env, ["run", "--session", "s", "two"]).ended).toMatchObject({ code: 0 });
  expect(model.asked[1]?.body.messages.slice(1)).toEqual([
    { role: "user", content: "one" },
    { role: "assistant", content: "Héllo.\n" },
    { role: "user", content: "two" },
  ]);
});

test("it answers a host, too, with the parcel's instructions in the system prompt", async () => {
  const model = await startModel(streams(...HELLO));
  const host = new CourierHost({ env: { ...model.env, SEREN_BRIDGE_MODEL_KEY: KEY }, secrets: [KEY] });
  const session = await host.open(parcel("chat"));
  const turn = await host.run(parcel("chat"), session, { kind: "chat", input: "Say hello" });
  expect(answerOf(turn)).toBe("Héllo.\n");
  expect(model.asked[0]?.body.messages[0]).toMatchObject({
    role: "system",
    content: expect.stringContaining(readFileSync(join(parcel("chat"), "context", "SKILL.md"), "utf8").trim()),
  });
});

test.each<[string, Answer, string]>([
  [
    "refuses",
    (response) => response.writeHead(401).end(JSON.stringify({ error: { message: `Incorrect API key ${KEY}` } })),
    "answered HTTP 401: Incorrect API key [redacted]",
  ],
  [
    "refuses in plain words",
    (response) => response.writeHead(404).end("model not found"),
    "answered HTTP 404: model not found",
  ],
  [
    "answers with a page",
    (response) => response.writeHead(502).end("<html>x</html>"),
    "answered HTTP 502: without saying why",
  ],
  [
    "breaks off with an error",
    streams(delta({ content: "Hi" }), { error: { message: "out of memory" } }),
    "broke off: out of memory",
  ],
  [
    "ends too early",
    streams(delta({ content: "Hi" })),
    "ended its answer without saying that it was complete; does it stream chat completions?",
  ],
  ["hangs up", (response) => response.destroy(), "could not be reached (UND_ERR_SOCKET); check SEREN_BRIDGE_MODEL_URL"],
])("an endpoint that %s makes the run fail with the reason", async (_, answer, words) => {
  const model = await startModel(answer);
  const { ended } = startTerminal({ ...model.env, SEREN_BRIDGE_MODEL_KEY: KEY }, ["run", "Say hello"]);
  const { code, stderr } = await ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `seren-bridge: the run failed: the model endpoint ${model.url} ${words}\n`,
  });
});

const json =
  (status: number, value: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
const WHOLE = { choices: [{ index: 0, message: { content: "Hello" }, finish_reason: "stop" }] };

test.each<[string, Answer, string]>([
  ["does not stream", json(200, WHOLE), ""],
  ["closes with the whole message", streams(delta({ content: "Hel" }), delta({ content: "lo" }), WHOLE), ""],
  ["puts blanks around the end", streams(delta({ content: "Hello" }), " [DONE] "), ""],
  [
    "refuses stream_options",
    (response, request, asked) =>
      (asked.body.stream_options
        ? json(422, { detail: [{ type: "extra_forbidden", loc: ["body", "stream_options"], msg: "Extra inputs" }] })
        : streams(delta({ content: "Hello" }, "stop")))(response, request, asked),
    "",
  ],
  [
    "is named without its /v1",
    (response, request, asked) =>
      (asked.path === "/v1/chat/completions" ? json(200, WHOLE) : json(404, { detail: "Not Found" }))(
        response,
        request,
        asked,
      ),
    "",
  ],
  [
    "knows its path with /v1 only, and says so with 200, as LM Studio does,",
    (response, request, asked) =>
      (asked.path === "/v1/chat/completions"
        ? streams(delta({ content: "Hello" }, "stop"), "[DONE]")
        : json(200, { error: `Unexpected endpoint or method. (POST ${asked.path})` }))(response, request, asked),
    "",
  ],
  ["calls a whole answer an event stream", json(200, WHOLE, { "content-type": "text/event-stream" }), ""],
  ["does not say what it sends", (response) => response.writeHead(200).end(`\n\n ${JSON.stringify(WHOLE)}`), ""],
  [
    "begins with blank lines and comments",
    (response) => {
      response.writeHead(200);
      response.write("\r\n\r\n: PROCESSING\r\n\r\n");
      response.end(frame(delta({ content: "Hello" }, "stop")).replaceAll("\n", "\r\n"));
    },
    "",
  ],
  [
    "is Azure's",
    (response, request, asked) =>
      (asked.path?.endsWith("/chat/completions?api-version=2024-10-21") && request.headers["api-key"] === KEY
        ? json(200, WHOLE)
        : json(404, { error: { code: "404", message: "Resource not found" } }))(response, request, asked),
    "?api-version=2024-10-21",
  ],
])("an endpoint that %s answers", async (what, answer, query) => {
  const model = await startModel(answer);
  const url = (what.includes("/v1") ? model.url.replace("/v1", "") : model.url) + query;
  const env = { ...model.env, SEREN_BRIDGE_MODEL_KEY: KEY, SEREN_BRIDGE_MODEL_URL: url };
  expect(await startTerminal(env, ["run", "Say hello"]).ended).toMatchObject({
    code: 0,
    stdout: "Hello\n",
    stderr: "",
  });
});

test.each<[string, Answer, string]>([
  [
    "redirects",
    json(308, {}, { location: "https://elsewhere.example/v1/chat/completions?token=abc" }),
    "redirects to https://elsewhere.example/v1; set SEREN_BRIDGE_MODEL_URL to where it leads",
  ],
  [
    "lacks the model, at a base without /v1, as Ollama does,",
    (response, request, asked) =>
      (asked.path === "/v1/chat/completions"
        ? json(404, { error: { message: 'model "tiny" not found, try pulling it first', type: "not_found_error" } })
        : (other: ServerResponse) => other.writeHead(404).end("404 page not found"))(response, request, asked),
    'answered HTTP 404: model "tiny" not found, try pulling it first',
  ],
  [
    "has a line of its own for an error, as llama.cpp until 2025,",
    (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(
        'error: {"code":400,"message":"the request exceeds the available context size"}\n\ndata: [DONE]\n\n',
      );
    },
    "broke off: the request exceeds the available context size",
  ],
  [
    "refuses with a list in place of words, as Mistral does,",
    json(422, {
      object: "error",
      message: {
        detail: [{ type: "extra_forbidden", loc: ["body", "stream"], msg: "Extra inputs are not permitted" }],
      },
      type: "invalid_request_error",
      param: null,
    }),
    "answered HTTP 422: Extra inputs are not permitted",
  ],
  [
    "says something else altogether",
    json(200, { base_resp: { status_code: 1004, status_msg: "login fail" } }),
    'does not answer with a chat completion, but with {"base_resp":{"status_code":1004,"status_msg":"login fail"}}',
  ],
  ["says nothing", streams(delta({}, "stop"), "[DONE]"), "answered with nothing: its answer has no text"],
  [
    "wants a tool",
    streams(
      delta({ tool_calls: [{ index: 0, id: "t", function: { name: "f", arguments: "{}" } }] }, "tool_calls"),
      "[DONE]",
    ),
    "answered with nothing: its answer asks for a tool, and none was offered",
  ],
  ["answers 200 with an error", json(200, { error: "no model loaded" }), "broke off: no model loaded"],
  [
    "is a web page",
    (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>x</html>"),
    "broke off: it is a web page and no API; check SEREN_BRIDGE_MODEL_URL",
  ],
])("an endpoint that %s fails the run", async (what, answer, words) => {
  const model = await startModel(answer);
  const url = what.includes("without /v1") ? model.url.replace("/v1", "/") : model.url;
  const env = { ...model.env, SEREN_BRIDGE_MODEL_URL: url };
  const { code, stderr } = await startTerminal(env, ["run", "Say hello"]).ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `seren-bridge: the run failed: the model endpoint ${url} ${words}\n`,
  });
});

test("a missing model or an unusable address is reported before anything is sent", async () => {
  const model = await startModel(streams(...HELLO));
  const unnamed = await startTerminal({ ...model.env, SEREN_BRIDGE_MODEL: "" }, ["run", "x"]).ended;
  expect(unnamed.stderr).toBe("seren-bridge: the run failed: no model is named; set SEREN_BRIDGE_MODEL\n");
  const bad = await startTerminal({ ...model.env, SEREN_BRIDGE_MODEL_URL: "nonsense" }, ["run", "x"]).ended;
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining("SEREN_BRIDGE_MODEL_URL is not a URL") });
  expect(model.asked).toEqual([]);
});

test("cancelling the run hangs up on the endpoint, at once", async () => {
  let hungUp: Promise<unknown> | undefined;
  const model = await startModel((response) => {
    hungUp = once(response, "close");
    response.writeHead(200, { "content-type": "text/event-stream" }).write(frame(delta({ content: "I begin\n" })));
  });
  const service = await startLocalService([], model.env);
  const { child, ended } = startTerminal(service.env, ["run", "Say a lot"]);
  await once(child.stdout, "data");
  child.kill("SIGINT");
  await hungUp;
  expect(service.child.exitCode).toBeNull();
  expect(await ended).toMatchObject({ code: 130, stdout: "I begin\n" });
});

test("a proxy in front of it that refuses is named", async () => {
  const { address } = await startProxy({ refuse: 403 });
  const env = { SEREN_API_BASE: "local", SEREN_BRIDGE_MODEL_URL: "https://model.example/v1", SEREN_BRIDGE_MODEL: "m" };
  const { stderr, stdout } = await startTerminal({ ...env, HTTPS_PROXY: address }, ["run", "hello"]).ended;
  expect(stdout + stderr).toContain(`the proxy ${new URL(address).host} (HTTPS_PROXY) answered HTTP 403`);
});
