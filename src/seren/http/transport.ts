/** HTTP as the client needs it. The one implementation is `http.ts`; a simulation puts a dispatcher of its own under it. */

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path and query below the publisher prefix, e.g. `/runs/…/state`. */
  path: string;
  /** JSON text. */
  body?: string;
  /** Whole-exchange limit, queueing included. */
  timeoutMs: number;
  signal?: AbortSignal;
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
  /** Leaving the loop, or `close`, ends the exchange. */
  body: AsyncIterable<Uint8Array>;
  close(): void;
}

export interface HttpTransport {
  /** Rejects with an `ExecutionFailure` of kind `unavailable` when no answer came. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** `timeoutMs` covers the wait for the response head only. */
  openStream(request: HttpRequest & { headers: Record<string, string> }): Promise<HttpStream>;
  close(): Promise<void>;
}
