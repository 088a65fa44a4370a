/**
 * Which requests are open, and whose they are. Every incoming request gets a ticket of its own, because the library
 * that dispatches them keys them by the text of their id: with Dispatch, whose requests all have id 1, it would lose
 * requests. Everything that has to happen relative to a reply hangs on its entry here.
 */
import type { RpcId } from "#protocols/json-rpc";

export interface OpenRequest {
  /** Unique for the life of the process; stands in for the id inside of it. */
  readonly ticket: number;
  /** What the host sent, to be echoed with its exact type. */
  readonly id: RpcId;
  /** Whether the method's own answer was handed to the pipe; false for an error and for a lost reply. Unset while open. */
  readonly genuine?: boolean;
  /** Gives the request an error for an answer if it has none yet. Set by whoever runs its method. */
  abandon?: () => void;
}

interface Entry extends OpenRequest {
  phase: "received" | "started" | "replying";
  genuine?: boolean;
  settled: ((genuine: boolean) => void)[];
}

export class RequestLedger {
  readonly #open = new Map<number, Entry>();
  #tickets = 0;
  #waiting: { met: () => boolean; resolve: () => void }[] = [];

  get unanswered(): number {
    return this.#open.size;
  }

  /** Records a request that has just been read. */
  open(id: RpcId): OpenRequest {
    this.#tickets += 1;
    const entry: Entry = { ticket: this.#tickets, id, phase: "received", settled: [] };
    this.#open.set(entry.ticket, entry);
    return entry;
  }

  find(ticket: number): OpenRequest | undefined {
    return this.#open.get(ticket);
  }

  /** Its method is being called now. */
  start(request: OpenRequest): void {
    const entry = this.#open.get(request.ticket);
    if (entry?.phase === "received") entry.phase = "started";
    this.#changed();
  }

  /** The right to write the one reply; undefined for everyone who comes later. */
  claim(ticket: number): OpenRequest | undefined {
    const entry = this.#open.get(ticket);
    if (!entry || entry.phase === "replying") return undefined;
    entry.phase = "replying";
    return entry;
  }

  /** The reply was handed to the pipe, or will never be (then `genuine` is false). */
  settle(request: OpenRequest, genuine: boolean): void {
    const entry = this.#open.get(request.ticket);
    if (!entry) return;
    this.#open.delete(entry.ticket);
    entry.genuine = genuine;
    for (const listener of entry.settled.splice(0)) listener(genuine);
    this.#changed();
  }

  /** Calls `listener` when `request` is settled, at once if it is. Listeners must not throw. */
  onSettled(request: OpenRequest, listener: (genuine: boolean) => void): void {
    const entry = this.#open.get(request.ticket);
    if (entry) entry.settled.push(listener);
    else listener(request.genuine ?? false);
  }

  /** Gives every request whose method has not answered an error for an answer. */
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
