/** One host on two streams: vscode-jsonrpc between our reader and our writer, with one handler for every method. */
import {
  CancellationSenderStrategy,
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
} from "vscode-jsonrpc/node";
import { ERROR_CODES } from "#protocols/json-rpc";
import { clipBytes } from "../support/clip.ts";
import { asFailure, ExecutionFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import { EndOfLife } from "./end-of-life.ts";
import { NdjsonReader } from "./ndjson-reader.ts";
import { NdjsonWriter } from "./ndjson-writer.ts";
import { type OpenRequest, RequestLedger } from "./request-ledger.ts";
import type { EndCause, MethodContext, ServeOptions, Wire, WireError } from "./wire.ts";

/** How much of a name or text that came from outside goes into a message or a log. */
const MAX_QUOTED_BYTES = 200;
const MAX_STACK_BYTES = 400;

export interface Served {
  wire: Wire;
  /** Resolves once, after the last reply has left the process or has had its time. The caller then exits. */
  ended: Promise<EndCause>;
}

/** Answers `options.methods` until the host is gone, a signal arrives, or a method ends it. Reads from this call on. */
export function serve(options: ServeOptions): Served {
  const { input, output, log, redactor, ambient } = options;
  const ledger = new RequestLedger();
  const writer = new NdjsonWriter(output, {
    ledger,
    redactor,
    log,
    toUnsendable: (problem) => errorFor(options, new ExecutionFailure("internal", `the answer ${problem}`)),
  });
  const reader = new NdjsonReader(input, {
    ledger,
    log,
    refuse: (problem, id, detail) => writer.refuse(id, errorFor(options, problem, detail)),
    // A request that came with the end must be known to its method before that is told to stop.
    onEof: () => void ledger.allStarted().then(() => life.begin("eof")),
  });
  const tickets = new WeakMap<object, OpenRequest>();
  const connection = createMessageConnection(reader, writer, libraryLog(log), {
    cancellationStrategy: {
      // The library tells a catch-all handler everything but the id; the token it makes per request stands in for it.
      receiver: {
        kind: "request",
        createCancellationTokenSource({ id }) {
          const source = new CancellationTokenSource();
          const request = typeof id === "number" ? ledger.find(id) : undefined;
          if (request) tickets.set(source.token, request);
          return source;
        },
      },
      sender: CancellationSenderStrategy.Message,
    },
  });
  const life = new EndOfLife({
    onEnd: options.onEnd,
    endBudgetMs: options.endBudgetMs,
    ledger,
    flushed: () => writer.flushed(),
    close: () => connection.dispose(),
    ambient,
    log,
  });
  const wire = wireOver(connection);

  connection.onRequest((name, params, token) => {
    const request = tickets.get(token);
    if (!request) throw toResponseError(errorFor(options, "invalid_request", "the request has no id"));
    return answer(request, () => call(name, params, contextOf(request))).catch((error: unknown) => {
      noteUnforeseen(log, name, error);
      throw toResponseError(errorFor(options, error));
    });
  });
  writer.onClose(() => life.begin("broken_pipe"));
  const signals = options.signals ?? process;
  signals.on("SIGINT", () => life.begin("signal"));
  signals.on("SIGTERM", () => life.begin("signal"));
  connection.listen();
  return { wire, ended: life.ended };

  /** Settles with what `run` gives, or with an error when the wire cannot wait for it any longer. */
  function answer(request: OpenRequest, run: () => Promise<object>): Promise<object> {
    return new Promise((resolve, reject) => {
      request.abandon = () =>
        reject(new ExecutionFailure("cancelled", "seren-bridge ended before this request was done"));
      ledger.start(request);
      run().then(resolve, reject);
    });
  }

  async function call(name: string, params: unknown, context: MethodContext): Promise<object> {
    if (life.begun) throw new ExecutionFailure("cancelled", "seren-bridge is shutting down and takes no new requests");
    const method = Object.hasOwn(options.methods, name) ? options.methods[name] : undefined;
    if (!method) throw new UnknownMethod(clipBytes(name, MAX_QUOTED_BYTES));
    return method(params, context);
  }

  function contextOf(request: OpenRequest): MethodContext {
    return {
      wire,
      afterReply: (run) => ledger.onSettled(request, (genuine) => void (genuine && guarded(run, log))),
      endAfterReply: () => ledger.onSettled(request, () => life.begin("requested")),
    };
  }
}

class UnknownMethod extends Error {}

function wireOver(connection: MessageConnection): Wire {
  return {
    async notify(method, params) {
      try {
        await connection.sendNotification(method, params);
      } catch {
        // The host is gone, or the wire has ended: nobody is left to tell.
      }
    },
  };
}

/** The adapter's error for what was thrown or refused. It cannot fail: an adapter that throws here costs its own text. */
function errorFor(options: ServeOptions, thrown: unknown, detail = ""): WireError {
  const what =
    thrown === "parse_error" || thrown === "invalid_request"
      ? thrown
      : thrown instanceof UnknownMethod
        ? "unknown_method"
        : asFailure(thrown);
  const text = typeof what !== "string" ? what.message : thrown instanceof UnknownMethod ? thrown.message : detail;
  try {
    return options.toWireError(what, text);
  } catch {
    return { code: ERROR_CODES.internalError, message: text };
  }
}

const toResponseError = ({ code, message, data }: WireError) => new ResponseError(code, message, data);

/** An error nobody planned for is the one thing whose text is worth a log line. */
function noteUnforeseen(log: Log, method: string, error: unknown): void {
  if (error instanceof ExecutionFailure || error instanceof UnknownMethod) return;
  const text = error instanceof Error ? (error.stack ?? error.message) : typeof error;
  log("error", "a method failed", { method, error: clipBytes(text, MAX_STACK_BYTES) });
}

function guarded(run: () => unknown, log: Log): void {
  const note = () => log("error", "what should follow a reply failed");
  try {
    const result = run();
    if (result instanceof Promise) result.catch(note);
  } catch {
    note();
  }
}

/** What the library has to say, without the messages it likes to quote. */
function libraryLog(log: Log) {
  const say = (text: string) =>
    log("debug", "vscode-jsonrpc", { note: clipBytes(text.split("\n", 1)[0] ?? "", MAX_QUOTED_BYTES) });
  return { error: say, warn: say, info: say, log: say };
}
