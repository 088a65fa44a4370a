/**
 * Our requests that the host has not answered yet. vscode-jsonrpc could keep them, but it holds a cancelled request until
 * the host answers, which may be never, and settles nothing when the input ends.
 */
import type * as z from "zod";
import { RpcPeerErrorSchema } from "#protocols/json-rpc";
import { timeoutSignal } from "../support/abort.ts";
import type { Ambient } from "../support/ambient.ts";
import { clipBytes } from "../support/clip.ts";
import { ExecutionFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import { describeIssues, JITLESS } from "../support/zod.ts";
import type { HostResponse, HostResult } from "./incoming.ts";
import { HostError, type HostRequestOptions } from "./wire.ts";

/** Our ids are strings, so that a reader of the wire does not take them for the host's, which are mostly numbers. */
const ID_PREFIX = "s";
/** How much of the host's error text is kept. */
const MAX_ERROR_BYTES = 1000;

export interface HostRequestsOptions {
  /** Puts the request on its way. Returns why it cannot be sent, as a half sentence after "the request …". */
  send(id: string, method: string, params: object): string | undefined;
  /** Tells the host that its answer is no longer waited for. */
  cancel(id: string): void;
  ambient: Ambient;
  log: Log;
}

interface Pending {
  resolve(result: HostResult): void;
  reject(reason: unknown): void;
}

export class HostRequests {
  readonly #options: HostRequestsOptions;
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;
  #closed = false;

  constructor(options: HostRequestsOptions) {
    this.#options = options;
  }

  /** See `Wire.request`. */
  async request<S extends z.ZodType>(
    method: string,
    params: object,
    schema: S,
    { signal: parent, timeoutMs }: HostRequestOptions,
  ): Promise<z.output<S>> {
    parent.throwIfAborted();
    if (this.#closed) throw wireEnded();
    const { signal, release } = timeoutSignal(this.#options.ambient, timeoutMs, parent);
    let result: HostResult;
    try {
      result = await this.#send(method, params, signal);
    } catch (error) {
      if (!signal.aborted || parent.aborted) throw error;
      throw new ExecutionFailure("timed_out", `the host did not answer ${method} within ${timeoutMs} ms`);
    } finally {
      release();
    }
    return read(method, result, schema);
  }

  /** Settles the request that `response` belongs to. A response that belongs to none, or comes late, is ignored. */
  settle({ id, result }: HostResponse): void {
    const pending = typeof id === "string" ? this.#take(id) : undefined;
    if (pending) pending.resolve(result);
    else this.#options.log("debug", "a response to no open request was ignored");
  }

  /** The wire ends: rejects what is pending, and every later request. */
  close(): void {
    this.#closed = true;
    for (const { reject } of this.#pending.values()) reject(wireEnded());
    this.#pending.clear();
  }

  /** Rejects with the signal's reason when it is aborted first. */
  #send(method: string, params: object, signal: AbortSignal): Promise<HostResult> {
    this.#lastId += 1;
    const id = `${ID_PREFIX}${this.#lastId}`;
    return new Promise((resolve, reject) => {
      const problem = this.#options.send(id, method, params);
      if (problem !== undefined) throw new ExecutionFailure("internal", `the request ${problem}`);
      this.#pending.set(id, { resolve, reject });
      signal.addEventListener(
        "abort",
        () => {
          if (!this.#take(id)) return;
          this.#options.cancel(id);
          reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}

function read<S extends z.ZodType>(method: string, result: HostResult, schema: S): z.output<S> {
  if (result.kind === "error") {
    const { code, message, data } = RpcPeerErrorSchema.parse(result.error, JITLESS);
    throw new HostError(code, clipBytes(message, MAX_ERROR_BYTES), data);
  }
  if (result.kind === "unreadable") throw unreadable(method, result.problem);
  const parsed = schema.safeParse(result.value, JITLESS);
  if (!parsed.success) throw unreadable(method, describeIssues(parsed.error));
  return parsed.data;
}

const unreadable = (method: string, problem: string) =>
  new ExecutionFailure("contract", `the host's answer to ${method} cannot be read: ${problem}`);

const wireEnded = () => new ExecutionFailure("cancelled", "the host is gone, or seren-bridge is shutting down");
