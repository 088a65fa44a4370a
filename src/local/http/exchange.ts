/** One request to the embedded service and its response, without sockets. */
import { stringifyExactly } from "../../support/json-source.ts";

export interface LocalRequest {
  method: string;
  /** Path with query, as in the request line. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** JSON text, or raw bytes; `undefined` when the request has no body. */
  body: string | Uint8Array | undefined;
  /** What stands for a body that is larger than memory: it was read in pieces and not kept. */
  content?: Content | undefined;
}

export interface Content {
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

export interface LocalReply {
  status: number;
  headers: Record<string, string>;
  /** Text, or server-sent events as they happen. An iterable finishes, or throws `ConnectionLost`. */
  body: string | AsyncIterable<string>;
  drop?: undefined;
}

/** The connection breaks before the first byte of the response. */
export interface LocalDrop {
  drop: true;
}

export type LocalResponse = LocalReply | LocalDrop;

/** A function from request to response. */
export interface LocalService {
  /** Never rejects. Aborting `signal` means that the caller is gone. */
  handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse>;
}

/** A service that strangers can reach. */
export interface GuardedService extends LocalService {
  /** Returns the refusal of a request that its head alone shows, so that its body is not read. */
  refusal(head: Omit<LocalRequest, "body">): LocalReply | undefined;
}

/** Thrown by a streamed body when the connection breaks in the middle of it. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  constructor(message = "the connection was lost") {
    super(message);
  }
}

/** Returns the value of a header. `name` is in lower case; the request's may be in any. */
export function headerOf(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  const direct = headers[name];
  if (direct !== undefined) return direct;
  for (const key in headers) if (key.toLowerCase() === name) return headers[key];
  return undefined;
}

export function jsonReply(status: number, data: unknown): LocalReply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(data) };
}

/** The same for data with `JsonSource`s. */
export function exactReply(status: number, data: unknown, pagination?: object): LocalReply {
  const body = stringifyExactly({ data, pagination });
  return { status, headers: { "content-type": "application/json" }, body };
}

/** A JSON success in the envelope that all of them have. */
export function dataReply(status: number, data: unknown, pagination?: object): LocalReply {
  return jsonReply(status, pagination === undefined ? { data } : { data, pagination });
}
