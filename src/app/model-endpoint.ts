/** The model endpoint that answers in place of the embedded service's built-in agent, when one is set. */
import { type ChatRequest, END_OF_STREAM } from "#protocols/openai-chat";
import type { Config, ModelSettings } from "../config.ts";
import { type Agent, type CompleteChat, modelAgent } from "../local/index.ts";
import type { HttpStream, HttpTransport } from "../seren/index.ts";
import { createHttp, SseParser, whyUnreachable } from "../seren/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { clipCharacters } from "../support/clip.ts";
import { asFailure, ExecutionFailure } from "../support/failure.ts";
import { parseJson } from "../support/objects.ts";
import { createRedactor, type Redactor } from "../support/redact.ts";
import { Secret } from "../support/secret.ts";
import { errorIn, isDelta, piecesOf } from "./model-answer.ts";
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

  /** Asks, and asks again in another manner where the refusal says or suggests it. */
  async function open(request: Pick<ChatRequest, "model" | "messages">, signal: AbortSignal): Promise<HttpStream> {
    const stream = await ask(request, signal);
    const { status } = stream;
    if (status >= 200 && status < 300) return stream;
    if (status >= 300 && status < 400) {
      stream.close();
      throw refuse(`redirects to ${targetOf(stream, url)}; set SEREN_BRIDGE_MODEL_URL to where it leads`);
    }
    const said = await textOf(stream, MAX_ERROR_BYTES);
    if (manner.usageAsked && status < 500 && /stream_options|include_usage/.test(said)) {
      manner.usageAsked = false;
      return open(request, signal);
    }
    if ((status === 404 || status === 405) && manner.path === PATH && !pathname.includes("/v1")) {
      manner.path = `/v1${PATH}`;
      try {
        return await open(request, signal);
      } catch (error) {
        manner.path = PATH;
        if (signal.aborted) throw error;
      }
    }
    throw refuse(`answered HTTP ${status}: ${reasonIn(said)}`);
  }

  return async function* complete(request, signal) {
    const stream = await open(request, signal);
    let ended = false;
    let spoke = false;
    let hasDeltas = false;
    let wantsTool = false;
    try {
      for await (const frame of framesOf(stream)) {
        if (frame === END_OF_STREAM) {
          ended = true;
          break;
        }
        const value = parseJson(frame);
        const error = errorIn(value) ?? (value === undefined ? notAnAnswer(frame) : undefined);
        if (error) throw refuse(`broke off: ${error}`);
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
    if (!ended) throw refuse("ended its answer without saying that it was complete; does it stream chat completions?");
    if (!spoke) {
      throw refuse(
        `answered with nothing: its answer ${wantsTool ? "asks for a tool, and none was offered" : "has no text"}`,
      );
    }
  };
}

/** Yields the data of each event; or the whole body of a server that does not stream, as one. */
async function* framesOf(stream: HttpStream): AsyncGenerator<string, void, void> {
  if (/json|html|text\/plain/i.test(stream.headers["content-type"] ?? "")) {
    const text = await textOf(stream, MAX_WHOLE_ANSWER_BYTES);
    if (!/^(?:data|event|id|retry)?:/.test(text)) {
      yield text;
      if (piecesOf(parseJson(text)).next().done !== true) yield END_OF_STREAM;
      return;
    }
    yield* dataOf(new SseParser().feed(Buffer.from(`${text}\n\n`)));
    return;
  }
  const parser = new SseParser();
  for await (const bytes of stream.body) yield* dataOf(parser.feed(bytes));
  yield* dataOf(parser.feed(Buffer.from("\n\n"))); // some servers leave out the line that ends the last event
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

async function textOf(stream: HttpStream, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream.body) {
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
