/** HTTP as the client needs it. Implemented by `http-transport.ts`; a simulation implements it without a network. */

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query below the publisher prefix, e.g. `/runs/…/state`. */
  path: string;
  /** JSON text. */
  body?: string;
  /** Limit of the whole exchange, including the wait for a connection. */
  timeoutMs: number;
  /** Required, so that no call can outlive the request it serves. */
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface HttpStream {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Leaving the loop ends the exchange, as `close` does. */
  body: AsyncIterable<Uint8Array>;
  close(): void;
}

export interface HttpTransport {
  /** Rejects with an `ExecutionFailure` of kind `unavailable` when no answer came. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** `timeoutMs` limits the wait for the response head only. */
  openStream(request: HttpRequest & { headers: Record<string, string> }): Promise<HttpStream>;
  /** What a person can do when the key is refused; undefined where nothing is known of it. */
  ifKeyRefused?(): string | undefined;
  close(): Promise<void>;
}
