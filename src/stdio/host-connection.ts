/** One host on two streams: vscode-jsonrpc between our reader and our writer, with one handler for every method. */
import {
  CancellationSenderStrategy,
  type CancellationToken,
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
} from "vscode-jsonrpc/node";
import { RpcIdSchema } from "#protocols/json-rpc";
import { clipBytes } from "../support/clip.ts";
import { ExecutionFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import { JITLESS } from "../support/zod.ts";
import { EndOfLife } from "./end-of-life.ts";
import { describeUnforeseen, toLineError, toResponseError, toWireError, UnknownMethod } from "./error-replies.ts";
import { HostRequests } from "./host-requests.ts";
import { NdjsonReader } from "./ndjson-reader.ts";
import { NdjsonWriter } from "./ndjson-writer.ts";
import { type OpenRequest, RequestLedger } from "./request-ledger.ts";
import { type EndCause, type MethodContext, NO_REPLY, type ServeOptions, type Wire } from "./wire.ts";

/** How much of the library's messages goes into a log line. */
const MAX_NOTE_BYTES = 200;

export interface Served {
  wire: Wire;
  /** Resolves once, after the last reply has left the process or has had its time. The caller then exits. */
  ended: Promise<EndCause>;
}

/** Serves `options.methods` until the host is gone, a signal arrives, or a method ends it. Reads from this call on. */
export function serve(options: ServeOptions): Served {
  return new HostConnection(options);
}

class HostConnection implements Served {
  readonly wire: Wire;
  readonly ended: Promise<EndCause>;
  readonly #options: ServeOptions;
  readonly #ledger = new RequestLedger();
  readonly #reader: NdjsonReader;
  readonly #writer: NdjsonWriter;
  readonly #library: MessageConnection;
  readonly #hostRequests: HostRequests;
  readonly #life: EndOfLife;
  /** The library tells a catch-all handler everything but the id; the token that it makes for each request stands for it. */
  readonly #requestOf = new WeakMap<CancellationToken, OpenRequest>();

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#writer = this.#createWriter();
    this.#reader = this.#createReader();
    this.#library = this.#createLibrary();
    this.#hostRequests = this.#createHostRequests();
    this.#life = this.#createLife();
    this.ended = this.#life.ended;
    this.wire = {
      notify: (method, params) => this.#notify(method, params),
      request: (method, params, schema, requestOptions) =>
        this.#hostRequests.request(method, params, schema, requestOptions),
    };
    this.#listen();
  }

  #createWriter(): NdjsonWriter {
    const { output, redactor, log, toWireError: table } = this.#options;
    return new NdjsonWriter(output, {
      ledger: this.#ledger,
      redactor,
      log,
      toUnsendable: (problem) => toWireError(table, new ExecutionFailure("internal", `the answer ${problem}`)),
    });
  }

  #createReader(): NdjsonReader {
    const { input, log, toWireError: table, notifications = {}, cancellation } = this.#options;
    return new NdjsonReader(input, {
      ledger: this.#ledger,
      log,
      refuse: (problem, id, detail) => this.#writer.refuse(id, toLineError(table, problem, detail)),
      onResponse: (response) => this.#hostRequests.settle(response),
      isHandled: (name) => name === cancellation?.notification || Object.hasOwn(notifications, name),
      onEof: () => this.#onEof(),
    });
  }

  #createLibrary(): MessageConnection {
    return createMessageConnection(this.#reader, this.#writer, libraryLog(this.#options.log), {
      cancellationStrategy: {
        receiver: { kind: "request", createCancellationTokenSource: ({ id }) => this.#createToken(id) },
        sender: CancellationSenderStrategy.Message,
      },
      messageStrategy: {
        handleMessage: (message, next) => {
          try {
            return next(message);
          } finally {
            this.#reader.handled();
          }
        },
      },
    });
  }

  #createHostRequests(): HostRequests {
    const { ambient, log, cancellation } = this.#options;
    return new HostRequests({
      ambient,
      log,
      send: (id, method, params) => this.#writer.request(id, method, params),
      cancel: (id) => void (cancellation && this.#notify(cancellation.notification, cancellation.paramsFor(id))),
    });
  }

  #createLife(): EndOfLife {
    const { onEnd, endBudgetMs, ambient, log } = this.#options;
    return new EndOfLife({
      onEnd: (cause) => onEnd(cause),
      endBudgetMs,
      ledger: this.#ledger,
      flushed: () => this.#writer.flushed(),
      close: () => this.#library.dispose(),
      ambient,
      log,
    });
  }

  #listen(): void {
    this.#library.onRequest((name, params, token) => this.#onRequest(name, params, token));
    this.#library.onNotification((name, params) => this.#onNotification(name, params));
    this.#writer.onClose(() => this.#end("broken_pipe"));
    const { shutdown } = this.#options;
    if (shutdown.aborted) this.#end("signal");
    else shutdown.addEventListener("abort", () => this.#end("signal"), { once: true });
    this.#library.listen();
  }

  #createToken(id: unknown): CancellationTokenSource {
    const source = new CancellationTokenSource();
    const request = typeof id === "number" ? this.#ledger.find(id) : undefined;
    if (request) this.#requestOf.set(source.token, request);
    return source;
  }

  async #notify(method: string, params: object): Promise<void> {
    try {
      await this.#library.sendNotification(method, params);
    } catch {
      // The host is gone, or the wire has ended: there is no reader left.
    }
  }

  async #onRequest(name: string, params: unknown, token: CancellationToken): Promise<object> {
    const { log, toWireError: table } = this.#options;
    const request = this.#requestOf.get(token);
    if (!request) throw toResponseError(toLineError(table, "invalid_request", "the request has no id"));
    try {
      return await this.#answerTo(request, name, params);
    } catch (error) {
      const unforeseen = describeUnforeseen(error);
      if (unforeseen !== undefined) log("error", "a method failed", { method: name, error: unforeseen });
      throw toResponseError(toWireError(table, error));
    }
  }

  /** Settles with what the method returns, or with an error when the wire cannot wait for it any longer. */
  #answerTo(request: OpenRequest, name: string, params: unknown): Promise<object> {
    return new Promise((resolve, reject) => {
      request.abandon = () =>
        reject(new ExecutionFailure("cancelled", "seren-bridge ended before this request was done"));
      this.#ledger.start(request);
      this.#call(request, name, params).then(resolve, reject);
    });
  }

  async #call(request: OpenRequest, name: string, params: unknown): Promise<object> {
    const { methods } = this.#options;
    if (this.#life.begun) {
      throw new ExecutionFailure("cancelled", "seren-bridge is shutting down and takes no new requests");
    }
    if (this.#writer.isCongested) {
      throw new ExecutionFailure("rate_limited", "too many answers wait to be read; read them, then ask again");
    }
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw new UnknownMethod(name);
    const result = await method(params, this.#contextOf(request));
    if (result === NO_REPLY) this.#ledger.withdraw(request);
    return result;
  }

  #contextOf(request: OpenRequest): MethodContext {
    return {
      wire: this.wire,
      signal: request.cancellation.signal,
      afterReply: (run) =>
        this.#ledger.onSettled(request, (genuine) => {
          if (genuine) guard(run, () => this.#options.log("error", "what should follow a reply failed"));
        }),
      endAfterReply: () => this.#ledger.onSettled(request, () => this.#end("requested")),
    };
  }

  #onNotification(name: string, params: unknown): void {
    const { cancellation, notifications = {}, log } = this.#options;
    const handler = Object.hasOwn(notifications, name) ? notifications[name] : undefined;
    guard(
      () => {
        if (name === cancellation?.notification) this.#cancel(cancellation.requestId(params), cancellation.replies);
        return handler?.(params, { wire: this.wire });
      },
      (error) => {
        const unforeseen = describeUnforeseen(error);
        if (unforeseen !== undefined)
          log("error", "a notification handler failed", { method: name, error: unforeseen });
        else log("debug", "a notification was ignored", { method: name });
      },
    );
  }

  /**
   * Cancels every running request with this id. One whose reply is on its way keeps it; one that has not started came
   * after the cancel and only has the same id.
   */
  #cancel(value: unknown, replies: boolean): void {
    const id = RpcIdSchema.safeParse(value, JITLESS).data;
    if (id === undefined) return;
    for (const request of this.#ledger.runningWithId(id)) {
      if (!replies) this.#ledger.withdraw(request);
      request.cancellation.abort(new ExecutionFailure("cancelled", "the host cancelled this request"));
    }
  }

  /** A request that came together with the end of input must reach its method before the end begins. */
  #onEof(): void {
    void this.#ledger.allStarted().then(() => this.#end("eof"));
  }

  #end(cause: EndCause): void {
    this.#hostRequests.close();
    this.#life.begin(cause);
  }
}

/** Calls `run`, and `onError` with what it throws or rejects with. */
function guard(run: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = run();
    if (result instanceof Promise) result.catch(onError);
  } catch (error) {
    onError(error);
  }
}

/** The library's own messages, without the parts of the wire that it quotes on further lines. */
function libraryLog(log: Log) {
  const write = (text: string) =>
    log("debug", "vscode-jsonrpc", { note: clipBytes(text.split("\n", 1)[0] ?? "", MAX_NOTE_BYTES) });
  return { error: write, warn: write, info: write, log: write };
}
