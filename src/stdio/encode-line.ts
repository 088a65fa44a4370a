/** Turns one message into the bytes of one line. */
import { ERROR_CODES, JSON_RPC_VERSION, type RpcId } from "#protocols/json-rpc";
import type { Redactor } from "../support/redact.ts";
import { toSafeText, Unsendable } from "./safe-json.ts";
import type { WireError } from "./wire.ts";

/**
 * Largest line we write, newline included. Roder reads 4 MiB per line, drops longer ones, and stops reading altogether if its
 * cut falls inside a character; this leaves a wide margin. `docs/reference/roder-process-extension-0.2.md`, section 1.
 */
export const MAX_OUTGOING_LINE_BYTES = 1_048_576;

export type Outgoing =
  /** A notification, or with an id of ours a request. */
  | { id?: string; method: string; params: unknown }
  | { id: RpcId; result: unknown }
  | { id: RpcId | null; error: WireError };

/** `problem` is a half sentence that follows "the answer …", "the request …" or "the message …". */
export type EncodedLine = { ok: true; bytes: Buffer } | { ok: false; problem: string };

/** The payload is the second level of a frame. */
const PAYLOAD_DEPTH = 2;

/** Returns the line, or why there is none. Never throws. */
export function encodeLine(message: Outgoing, redactor: Redactor): EncodedLine {
  try {
    const bytes = Buffer.from(`${lineOf(message, redactor)}\n`);
    if (bytes.length > MAX_OUTGOING_LINE_BYTES)
      return { ok: false, problem: "is larger than the 1 MiB that one message may have" };
    return { ok: true, bytes };
  } catch (error) {
    return { ok: false, problem: error instanceof Unsendable ? error.message : "cannot be written as JSON" };
  }
}

/** Returns an error reply that needs only the id, for a request whose other replies cannot be sent. */
export function bareError(id: RpcId | null): Buffer {
  const error = { code: ERROR_CODES.internalError, message: "the answer cannot be sent" };
  return Buffer.from(`${JSON.stringify({ jsonrpc: JSON_RPC_VERSION, id, error })}\n`);
}

// The envelope is written by hand. Method names are ours and ids go back as they came, so neither is redacted, and a secret
// that reads like a part of an envelope cannot break one.
function lineOf(message: Outgoing, redactor: Redactor): string {
  const version = `"jsonrpc":"${JSON_RPC_VERSION}"`;
  const head = message.id === undefined ? version : `${version},"id":${JSON.stringify(message.id)}`;
  const payload = (value: unknown) => toSafeText(value, PAYLOAD_DEPTH, redactor);
  if ("method" in message) {
    return `{${head},"method":${JSON.stringify(message.method)},"params":${payload(message.params)}}`;
  }
  return "error" in message
    ? `{${head},"error":${payload(message.error)}}`
    : `{${head},"result":${payload(message.result)}}`;
}
