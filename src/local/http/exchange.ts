/** One exchange with the embedded service, free of sockets: what comes in, what goes out. */

export interface LocalRequest {
  method: string;
  /** Path with query, as it stands in the request line. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** JSON text, or raw bytes; `undefined` when the request has no body. */
  body: string | Uint8Array | undefined;
}

export interface LocalReply {
  status: number;
  headers: Record<string, string>;
  /** Text, or server-sent events as they happen. An iterable ends by finishing, or breaks with `ConnectionLost`. */
  body: string | AsyncIterable<string>;
  drop?: undefined;
}

/** The connection breaks before a single byte of the answer. */
export interface LocalDrop {
  drop: true;
}

export type LocalResponse = LocalReply | LocalDrop;

/** Thrown by a streamed body when the connection breaks in the middle of it. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  constructor(message = "the connection was lost") {
    super(message);
  }
}

/** Value of a header, whatever the case of its name. */
export function headerOf(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  const direct = headers[name];
  if (direct !== undefined) return direct;
  for (const key in headers) if (key.toLowerCase() === name) return headers[key];
  return undefined;
}

export function jsonReply(status: number, data: unknown): LocalReply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(data) };
}

/** The envelope of every JSON success. */
export function dataReply(status: number, data: unknown, pagination?: object): LocalReply {
  return jsonReply(status, pagination === undefined ? { data } : { data, pagination });
}
