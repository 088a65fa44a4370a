/** One call to the service: sends it, judges the status, opens the envelope and reads the data. */
import { type Ambient, sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { memberSource } from "../../support/json-source.ts";
import { hasTooManyValues } from "../../support/json-weight.ts";
import { parseJson } from "../../support/objects.ts";
import { RecentMap } from "../../support/recent-map.ts";
import { TokenBucket } from "../../support/token-bucket.ts";
import { toFailure } from "../http/problem.ts";
import { RETRY_LIMITS, retrying } from "../http/retry.ts";
import { strangerWords } from "../http/stranger.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../http/transport.ts";
import { type ExactReader, MAX_ROWS, readRows } from "../mapping/answers.ts";
import { envelopeOf, withoutGateway } from "./envelope.ts";
import { type Page, type PartSize, readPage } from "./pages.ts";
import { queryString } from "./path.ts";

/** Listings of which it is remembered how many rows an answer can hold. One that is forgotten finds it out anew. */
const MAX_PARTS = 64;
const CALL_TIMEOUT_MS = 60_000;
const DEFAULT_ATTEMPTS = 4;
/** An answer that broke off is asked for again so many times. A service that answers nothing else is not waited for. */
const GARBLED_REPEATS = 3;
const GARBLED_AGAIN_MS = 500;

export interface CallOptions {
  /** Required, so that no call can outlive the request it serves. */
  signal: AbortSignal;
  /** Calls in all while the service is away, the first one included; `Infinity`: until the signal is aborted. Default 4. */
  attempts?: number;
}

/** A call that is made once. */
export interface Call {
  method: HttpRequest["method"];
  /** Path and query below the publisher prefix. */
  path: string;
  /** Names the thing asked for in messages, e.g. "the deployment". */
  subject: string;
  /** Sent as JSON. */
  body?: object;
  /** For the whole exchange. Default one minute. */
  timeoutMs?: number;
  signal: AbortSignal;
}

export interface ReadableCall<T> extends Call {
  read: ExactReader<T>;
}

interface Listing {
  path: string;
  subject: string;
  limit: number;
  offset: number;
  filter?: Record<string, string | undefined>;
}

interface Answer<T> {
  value: T;
  status: number;
  headers: HttpResponse["headers"];
  /** Whether the listing goes on; undefined where the service does not say. */
  hasMore: boolean | undefined;
  /** Length of the answer. */
  characters: number;
}

/** Checked before anything is parsed. A record or a page that is too large is read in another way. */
function requireFewValues({ status, body }: HttpResponse): void {
  if (!hasTooManyValues(body)) return;
  throw new ExecutionFailure("contract", "Seren Cloud's answer has more parts than can be read", {
    details: { tooLarge: true, status },
  });
}

const isGarbled = (error: unknown) => error instanceof ExecutionFailure && error.details.garbled === true;

export class Caller {
  readonly ambient: Ambient;
  /** Shared by everything that repeats a call of this client. */
  readonly budget: TokenBucket;
  readonly #transport: HttpTransport;
  /** Of listings that have answered with too much. */
  readonly #parts = new RecentMap<string, PartSize>(MAX_PARTS);

  constructor(transport: HttpTransport, ambient: Ambient) {
    this.#transport = transport;
    this.ambient = ambient;
    this.budget = new TokenBucket(ambient, RETRY_LIMITS);
  }

  /** Calls once. Rejects unless the status is 2xx, and when something else answers in the service's place. */
  async send({ method, path, subject, body, timeoutMs = CALL_TIMEOUT_MS, signal }: Call): Promise<HttpResponse> {
    const sent = await this.#transport.request({
      method,
      path,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
      signal,
    });
    requireFewValues(sent);
    const response = withoutGateway(sent);
    if (response !== sent) requireFewValues(response);
    if (response.status < 200 || response.status > 299) throw this.failureOf(response, subject);
    // A login page answers everything with success; it has cancelled, deleted and decided nothing.
    const stranger = parseJson(response.body) === undefined && response.body.trim() !== "" && strangerWords(response);
    if (!stranger) return response;
    throw new ExecutionFailure("contract", stranger, { details: { status: response.status, byStranger: true } });
  }

  /** The failure that an error answer about `subject` is. */
  failureOf(response: HttpResponse, subject: string): ExecutionFailure {
    return toFailure(response, { subject, ifKeyRefused: this.#transport.ifKeyRefused?.(), ambient: this.ambient });
  }

  /** Calls once and reads the data. Rejects with `contract` when it cannot be read. */
  async exchange<T>({ read, ...call }: ReadableCall<T>): Promise<Answer<T>> {
    const response = await this.send(call);
    const envelope = envelopeOf(response);
    const value = read(envelope?.data, () => memberSource(response.body, "data"));
    if (value !== undefined) {
      const { status, headers } = response;
      return { value, status, headers, hasMore: envelope?.hasMore, characters: response.body.length };
    }
    const garbled = parseJson(response.body) === undefined;
    throw new ExecutionFailure(
      "contract",
      `Seren Cloud's answer about ${call.subject} is not one this version can read`,
      { details: { status: response.status, ...(garbled ? { garbled } : {}) } },
    );
  }

  async call<T>(call: ReadableCall<T>): Promise<T> {
    return (await this.exchange(call)).value;
  }

  /** A GET that is repeated while the service is away. */
  get<T>(call: Pick<ReadableCall<T>, "path" | "subject" | "read">, options: CallOptions): Promise<T> {
    return this.repeat(() => this.call({ ...call, method: "GET", signal: options.signal }), options);
  }

  /** Rows of a listing as the service shows them, not yet read; `undefined` where one is too large. */
  page({ path, subject, limit, offset, filter }: Listing, options: CallOptions): Promise<Page> {
    const ask = (limit: number, offset: number) =>
      this.repeat(async () => {
        const {
          value: rows,
          hasMore = rows.length >= limit,
          characters,
        } = await this.exchange({
          method: "GET",
          path: path + queryString({ limit, offset, ...filter }),
          subject,
          read: readRows,
          signal: options.signal,
        });
        return { rows: rows.slice(0, MAX_ROWS), hasMore: hasMore || rows.length > MAX_ROWS, characters };
      }, options);
    const part = this.#parts.get(path) ?? { rows: limit };
    return readPage(ask, { limit, offset }, part).finally(() => {
      if (part.rows < limit) this.#parts.set(path, part);
      else this.#parts.delete(path);
    });
  }

  repeat<T>(attempt: () => Promise<T>, { signal, attempts = DEFAULT_ATTEMPTS }: CallOptions): Promise<T> {
    const { ambient, budget } = this;
    let left = Math.min(attempts - 1, GARBLED_REPEATS);
    const whole = async (): Promise<T> => {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (!isGarbled(error) || left <= 0) throw error;
          left -= 1;
          await sleep(ambient, GARBLED_AGAIN_MS, signal);
        }
      }
    };
    return retrying(whole, { ambient, budget, attempts, signal });
  }
}
