/**
 * The handshake: the request with which each host begins, answered before the front end is loaded. A host may start this
 * program for each of its commands, and the reply is a constant. Any other first line is left for `serve` to read.
 */
import type { Readable, Writable } from "node:stream";
import type { Ambient } from "../support/ambient.ts";
import { isObject } from "../support/objects.ts";

/** A longer line is not taken for a handshake, in bytes. */
const MAX_LINE_BYTES = 4096;
/** Turns of the event loop after which a line that already waits in the pipe is sure to have been read. */
const TURNS = 3;
const NEWLINE = 0x0a;

type Params = Readonly<Record<string, unknown>>;

/** Returns the result for a well-formed request, or undefined when only the whole program can judge it. Never throws or rejects. */
export type Handshake = (method: string, params: Params) => object | undefined | Promise<object | undefined>;

/** A request that was answered before the program behind it was loaded. */
export interface HeardRequest {
  method: string;
  params: Params;
}

export interface HandshakeOutcome {
  /** Undefined when nothing was answered; then everything is still to be read from the input. */
  heard: HeardRequest | undefined;
  /** Whether the host has closed its end and asked nothing else. */
  over: boolean;
}

const UNANSWERED: HandshakeOutcome = { heard: undefined, over: false };

/** Looks at what has been written so far and does not wait for more: a host that is slow to ask is answered by `serve`. */
export async function answerHandshake(
  { input, output, ambient }: { input: Readable; output: Writable; ambient: Pick<Ambient, "soon"> },
  handshake: Handshake,
): Promise<HandshakeOutcome> {
  const soon = () => new Promise<void>((resolve) => ambient.soon(resolve));
  const onReadable = () => undefined;
  input.on("readable", onReadable); // starts the reading
  try {
    for (let turn = 0; turn < TURNS && input.readableLength === 0; turn += 1) await soon();
    const bytes: Buffer | null = input.read();
    if (!bytes) return UNANSWERED;
    const end = bytes.indexOf(NEWLINE);
    const request = readRequest(bytes.subarray(0, Math.max(0, end)));
    input.unshift(bytes); // with nothing in it the input could end meanwhile, and nothing can be put back after that
    const result = request && (await handshake(request.method, request.params));
    if (!request || !result) return UNANSWERED;
    const rest = (input.read() as Buffer).subarray(end + 1);
    if (rest.length > 0) input.unshift(rest);
    const { id, method, params } = request;
    const reply = `${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`;
    await new Promise<void>((resolve) => void output.write(reply, () => resolve()));
    await soon();
    if (input.readableLength === 0) input.read(); // makes the stream emit its end, if that has come
    await soon();
    return { heard: { method, params }, over: input.readableEnded };
  } finally {
    input.off("readable", onReadable);
  }
}

function readRequest(line: Buffer): { id: string | number; method: string; params: Params } | undefined {
  if (line.length === 0 || line.length > MAX_LINE_BYTES) return undefined;
  let message: unknown;
  try {
    message = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return undefined;
  }
  if (!isObject(message) || message.jsonrpc !== "2.0" || !isObject(message.params)) return undefined;
  const { id, method, params } = message;
  if (!isId(id) || typeof method !== "string") return undefined;
  return { id, method, params };
}

const isId = (id: unknown): id is string | number =>
  typeof id === "string" ? id.isWellFormed() : Number.isSafeInteger(id);
