/**
 * The question a host begins with, answered before the program behind it is loaded. Both hosts start us for every little
 * thing and ask what needs nothing to be known: who we are. Whatever is not exactly that question is left to `serve`.
 */
import type { Readable, Writable } from "node:stream";
import type { Ambient } from "../support/ambient.ts";
import { isObject } from "../support/objects.ts";

/** A longer line is no greeting. */
const MAX_GREETING_BYTES = 4096;
/** Turns of the event loop in which a line that waits in the pipe already is sure to have been read. */
const TURNS = 3;
const NEWLINE = 0x0a;

/** The result for a well-formed request, or undefined when it takes the whole program to judge it. Never throws. */
export type Handshake = (method: string, params: Readonly<Record<string, unknown>>) => object | undefined;

export interface FirstLine {
  /** Whether the greeting was answered; if not, it is still to be read from `input`, as everything behind it is. */
  answered: boolean;
  /** Whether the host asked nothing else and closed its end. */
  over: boolean;
}

/** Looks at what has been written so far and waits for nothing: a host that is slow to ask is served as usual. */
export async function answerFirstLine(
  { input, output, ambient }: { input: Readable; output: Writable; ambient: Pick<Ambient, "soon"> },
  greeting: Handshake,
): Promise<FirstLine> {
  const soon = () => new Promise<void>((resolve) => ambient.soon(resolve));
  const onReadable = () => undefined;
  input.on("readable", onReadable); // starts the reading
  try {
    for (let turn = 0; turn < TURNS && input.readableLength === 0; turn += 1) await soon();
    const bytes: Buffer | null = input.read();
    if (!bytes) return { answered: false, over: false };
    const end = bytes.indexOf(NEWLINE);
    const reply = replyTo(bytes.subarray(0, Math.max(0, end)), greeting);
    const rest = reply === undefined ? bytes : bytes.subarray(end + 1);
    if (rest.length > 0) input.unshift(rest);
    if (reply === undefined) return { answered: false, over: false };
    await new Promise<void>((resolve) => void output.write(`${reply}\n`, () => resolve()));
    await soon();
    if (input.readableLength === 0) input.read(); // the end is told to whoever reads it
    await soon();
    return { answered: true, over: input.readableEnded };
  } finally {
    input.off("readable", onReadable);
  }
}

function replyTo(line: Buffer, greeting: Handshake): string | undefined {
  if (line.length === 0 || line.length > MAX_GREETING_BYTES) return undefined;
  let message: unknown;
  try {
    message = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return undefined;
  }
  if (!isObject(message) || message.jsonrpc !== "2.0" || !isObject(message.params)) return undefined;
  const { id, method, params } = message;
  if (!Number.isSafeInteger(id) || typeof method !== "string") return undefined;
  const result = greeting(method, params);
  return result && JSON.stringify({ jsonrpc: "2.0", id, result });
}
