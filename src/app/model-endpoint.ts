/** The model endpoint that answers in place of the embedded service's built-in agent, when one is set. */
import { type ChatRequest, END_OF_STREAM } from "#protocols/openai-chat";
import type { Config, ModelSettings } from "../config.ts";
import { type Agent, type CompleteChat, type ModelPiece, modelAgent } from "../local/index.ts";
import type { HttpStream, HttpTransport } from "../seren/index.ts";
import { createHttp, SseParser, whyUnreachable } from "../seren/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { clipCharacters } from "../support/clip.ts";
import { asFailure, ExecutionFailure } from "../support/failure.ts";
import { parseJson } from "../support/objects.ts";
import { createRedactor, type Redactor } from "../support/redact.ts";
import { Secret } from "../support/secret.ts";
import { errorIn, isChat, isDelta, piecesOf } from "./model-answer.ts";
import { userAgent } from "./user-agent.ts";

/** A model on this machine may have to be loaded from disk first. */
const HEAD_TIMEOUT_MS = 10 * 60_000;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_CHARACTERS = 400;

interface Endpoint {
  http: HttpTransport;
  url: URL;
  key: string | undefined;
  redactor: Redactor;
}

export interface EndpointAgent {
  agent: Agent;
  close(): Promise<void>;
}

/** Throws `invalid_input` for settings that cannot be used. */
export function endpointAgent(
  settings: ModelSettings,
  { proxyFor }: Pick<Config, "proxyFor">,
  ambient: Ambient,
): EndpointAgent {
  const { url, name, key } = settings;
  const redactor = createRedactor();
  if (key) redactor.add(key);
  const address = new URL(url);
  const http = createHttp({
    baseUrl: url.replace(address.search, ""),
    apiKey: key ? () => new Secret(key) : undefined,
    userAgent: userAgent(),
    ambient,
    proxy: proxyFor(address),
  });
  return {
    agent: modelAgent({ model: name, complete: completer({ http, url: address, key, redactor }) }),
    close: () => http.close(),
  };
}

/** What an endpoint was found to need. Kept while the process lives. */
interface Manner {
  path: string;
  usageAsked: boolean;
}

const PATH = "/chat/completions";
/** LM Studio says with 200 that there is no such path. */
const UNKNOWN_PATH = /\bunexpected endpoint\b/i;
/** How servers say that the model stopped for the result of a tool. */
const WANTS_TOOL = /^(?:tool_calls?|tool_use|function_call)$/;
const MAX_WHOLE_ANSWER_BYTES = 16 * 1024 * 1024;

function completer({ http, url, key, redactor }: Endpoint): CompleteChat {
  const { search, pathname, hostname } = url;
  const shown = url.href.replace(search, "");
  const refuse = (what: string, cause?: unknown) =>
    new ExecutionFailure(
      "unavailable",
      clipCharacters(redactor.redact(`the model endpoint ${shown} ${what}`), MAX_ERROR_CHARACTERS),
      { cause },
    );
  const manner: Manner = { path: PATH, usageAsked: true };

  async function ask(request: Pick<ChatRequest, "model" | "messages">, signal: AbortSignal): Promise<HttpStream> {
    const body: ChatRequest = { ...request, stream: true };
    if (manner.usageAsked) body.stream_options = { include_usage: true };
    try {
      return await http.openStream({
        method: "POST",
        path: manner.path + search,
        body: JSON.stringify(body),
        headers: {
          accept: "text/event-stream, application/json",
          // Azure takes its own keys in this header only.
          ...(key && (hostname.endsWith(".azure.com") || search.includes("api-version=")) ? { "api-key": key } : {}),
        },
        timeoutMs: HEAD_TIMEOUT_MS,
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const why = whyUnreachable(error);
      throw refuse(
        why ? `could not be reached: ${why}` : `could not be reached${codeOf(error)}; check SEREN_BRIDGE_MODEL_URL`,
        error,
      );
    }
  }

  const mayLackVersion = () => manner.path === PATH && !pathname.includes("/v1");

  /** Asks, and asks again in another manner where the refusal says or suggests it. */
  async function open(request: Pick<ChatRequest, "model" | "messages">, signal: AbortSignal): Promise<HttpStream> {
    const stream = await ask(request, signal);
    const { status } = stream;
    if (status >= 200 && status < 300) return stream;
    if (status >= 300 && status < 400) {
      stream.close();
      throw refuse(`redirects to ${targetOf(stream, url)}; set SEREN_BRIDGE_MODEL_URL to where it leads`);
    }
    const said = await textOf([], stream.body, MAX_ERROR_BYTES);
    if (manner.usageAsked && status < 500 && /stream_options|include_usage/.test(said)) {
      manner.usageAsked = false;
      return open(request, signal);
    }
    if ((status === 404 || status === 405) && mayLackVersion()) {
      manner.path = `/v1${PATH}`;
      try {
        return await open(request, signal);
      } catch (error) {
        manner.path = PATH;
        // There is such a path where the second answer has words of its own: it may lack the model.
        if (signal.aborted || errorIn(parseJson(said)) === undefined) throw error;
      }
    }
    throw refuse(`answered HTTP ${status}: ${reasonIn(said)}`);
  }

  return async function* complete(request, signal): AsyncGenerator<ModelPiece, void, void> {
    const stream = await open(request, signal);
    let ended = false;
    let spoke = false;
    let hasDeltas = false;
    let wantsTool = false;
    let odd: string | undefined;
    try {
      for await (const frame of framesOf(stream)) {
        if (frame === END_OF_STREAM) {
          ended = true;
          break;
        }
        const value = parseJson(frame);
        const error = errorIn(value) ?? (value === undefined ? notAnAnswer(frame) : undefined);
        if (error && !spoke && UNKNOWN_PATH.test(error) && mayLackVersion()) {
          manner.path = `/v1${PATH}`;
          return yield* complete(request, signal);
        }
        if (error) throw refuse(`broke off: ${error}`);
        if (!isChat(value)) odd ??= frame;
        for (const piece of piecesOf(value, hasDeltas)) {
          ended ||= piece.type === "end";
          wantsTool ||= piece.type === "end" && WANTS_TOOL.test(piece.reason);
          spoke ||= piece.type === "text" || (piece.type === "end" && piece.reason !== "stop" && !wantsTool);
          yield piece;
        }
        hasDeltas ||= isDelta(value);
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (asFailure(error).message.startsWith("the model endpoint")) throw error;
      throw refuse(`broke off in the middle of its answer${codeOf(error)}`, error);
    } finally {
      stream.close();
    }
    if (odd !== undefined && !ended && !spoke) throw refuse(`does not answer with a chat completion, but with ${odd}`);
    if (!ended) throw refuse("ended its answer without saying that it was complete; does it stream chat completions?");
    if (!spoke) {
      throw refuse(
        `answered with nothing: its answer ${wantsTool ? "asks for a tool, and none was offered" : "has no text"}`,
      );
    }
  };
}

/** How a line of an event stream begins. */
const EVENT_LINE = /^(?:data|event|id|retry|error)?:/;
const LONGEST_NAME = 6;

/**
 * Yields the data of each event; or the whole body of a server that does not stream, as one. What it is, its first letters
 * say: not all servers say so in `content-type`, and some say something else.
 */
async function* framesOf(stream: HttpStream): AsyncGenerator<string, void, void> {
  const chunks = stream.body[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let start = "";
  while (start.length < LONGEST_NAME) {
    const step = await chunks.next();
    if (step.done) break;
    head.push(step.value);
    start = new TextDecoder().decode(Buffer.concat(head)).trimStart();
  }
  const rest = { [Symbol.asyncIterator]: () => chunks };
  const isText = /json|html|text\/plain/i.test(stream.headers["content-type"] ?? "");
  if (/^[{[<]/.test(start) || (isText && !EVENT_LINE.test(start))) {
    const text = (await textOf(head, rest, MAX_WHOLE_ANSWER_BYTES)).trim();
    yield text;
    if (piecesOf(parseJson(text)).next().done !== true) yield END_OF_STREAM;
    return;
  }
  // llama.cpp until 2025 has a line of its own for an error.
  const errors: string[] = [];
  const parser = new SseParser(undefined, (name, value) => {
    if (name === "error") errors.push(JSON.stringify({ error: value }));
  });
  const feed = (bytes: Uint8Array) => {
    const frames = parser.feed(bytes);
    return [...errors.splice(0), ...dataOf(frames)];
  };
  for (const bytes of head) yield* feed(bytes);
  for await (const bytes of rest) yield* feed(bytes);
  yield* feed(Buffer.from("\n\n")); // some servers leave out the line that ends the last event
}

function* dataOf(frames: readonly { data: string }[]): Generator<string, void, void> {
  for (const { data } of frames) {
    const text = data.trim();
    if (text !== "") yield text;
  }
}

function notAnAnswer(text: string): string {
  return text.startsWith("<") ? "it is a web page and no API; check SEREN_BRIDGE_MODEL_URL" : text;
}

async function textOf(head: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks = [...head];
  let size = head.reduce((sum, { byteLength }) => sum + byteLength, 0);
  try {
    for await (const chunk of rest) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) break;
    }
  } catch {
    // what has arrived so far has to suffice
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function reasonIn(text: string): string {
  const said = errorIn(parseJson(text));
  if (said) return said;
  return text.trimStart().startsWith("<") || text.trim() === "" ? "without saying why" : text.trim();
}

/** Returns where a redirect leads, as a base; without its query, which may hold a token. */
function targetOf({ headers }: HttpStream, url: URL): string {
  const { location = "" } = headers;
  if (!URL.canParse(location, url.href)) return "an address that is none";
  const { origin, pathname } = new URL(location, url.href);
  return origin + (pathname.endsWith(PATH) ? pathname.slice(0, -PATH.length) : pathname);
}

/** Returns the system's error code in parentheses; empty when there is none. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return ` (${at.code})`;
  }
  return "";
}
