/**
 * The host's open requests. Each gets an internal id, because vscode-jsonrpc keys requests by the text of their id: with
 * Dispatch, whose requests all have id 1, it would lose some. Everything that has to happen relative to a reply hangs on
 * the request's entry here.
 */
import type { RpcId } from "#protocols/json-rpc";

export interface OpenRequest {
  /** Unique for the life of the process; stands in for the host's id inside of it. */
  readonly internalId: number;
  /** The host's id, to be echoed with its exact type. */
  readonly id: RpcId;
  /** Whether the method's own answer was handed to the pipe; false for an error and for a lost reply. Unset while open. */
  readonly genuine?: boolean;
  /** Set when no reply is to be written, whatever the method returns or throws. */
  readonly withdrawn: boolean;
  /** Aborted when the host cancels the request. */
  readonly cancellation: AbortController;
  /** Replies with an error if there was no reply yet. Set by the part that runs the method. */
  abandon?: () => void;
}

interface Entry extends OpenRequest {
  phase: "received" | "started" | "replying";
  genuine?: boolean;
  withdrawn: boolean;
  settled: ((genuine: boolean) => void)[];
}

export class RequestLedger {
  readonly #open = new Map<number, Entry>();
  #lastId = 0;
  #waiting: { met: () => boolean; resolve: () => void }[] = [];

  get unanswered(): number {
    return this.#open.size;
  }

  /** Records a request that has just been read. */
  open(id: RpcId): OpenRequest {
    this.#lastId += 1;
    const entry: Entry = {
      internalId: this.#lastId,
      id,
      phase: "received",
      withdrawn: false,
      cancellation: new AbortController(),
      settled: [],
    };
    this.#open.set(entry.internalId, entry);
    return entry;
  }

  find(internalId: number): OpenRequest | undefined {
    return this.#open.get(internalId);
  }

  /** Every request with this id whose method runs: a host may use an id twice. */
  runningWithId(id: RpcId): OpenRequest[] {
    return [...this.#open.values()].filter((entry) => entry.id === id && entry.phase === "started");
  }

  /** Its method is being called now. */
  start(request: OpenRequest): void {
    const entry = this.#open.get(request.internalId);
    if (entry?.phase === "received") entry.phase = "started";
    this.#changed();
  }

  /** Its reply will not be written. The request stays open until its method ends. */
  withdraw(request: OpenRequest): void {
    const entry = this.#open.get(request.internalId);
    if (entry) entry.withdrawn = true;
  }

  /** Returns the request if its reply may be written: once, then undefined. */
  claim(internalId: number): OpenRequest | undefined {
    const entry = this.#open.get(internalId);
    if (!entry || entry.phase === "replying") return undefined;
    entry.phase = "replying";
    return entry;
  }

  /** The reply was handed to the pipe, or will never be (then `genuine` is false). */
  settle(request: OpenRequest, genuine: boolean): void {
    const entry = this.#open.get(request.internalId);
    if (!entry) return;
    this.#open.delete(entry.internalId);
    entry.genuine = genuine;
    for (const listener of entry.settled.splice(0)) listener(genuine);
    this.#changed();
  }

  /** Calls `listener` when `request` is settled, at once if it is. Listeners must not throw. */
  onSettled(request: OpenRequest, listener: (genuine: boolean) => void): void {
    const entry = this.#open.get(request.internalId);
    if (entry) entry.settled.push(listener);
    else listener(request.genuine ?? false);
  }

  /** Replies with an error to every request whose method has not replied. */
  abandonAll(): void {
    for (const entry of [...this.#open.values()]) entry.abandon?.();
  }

  /** Resolves when the method of every request read so far has been called. */
  allStarted(): Promise<void> {
    return this.#until(() => [...this.#open.values()].every((entry) => entry.phase !== "received"));
  }

  /** Resolves when no request is open. */
  allAnswered(): Promise<void> {
    return this.#until(() => this.#open.size === 0);
  }

  #until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push({ met, resolve }));
  }

  #changed(): void {
    if (this.#waiting.length === 0) return;
    const [over, still] = [this.#waiting.filter(({ met }) => met()), this.#waiting.filter(({ met }) => !met())];
    this.#waiting = still;
    for (const { resolve } of over) resolve();
  }
}
