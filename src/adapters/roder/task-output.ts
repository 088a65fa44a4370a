/**
 * The log of a task. The host keeps each chunk as an entry, shows chunks joined without separators, and stops forwarding task
 * events for good when a queue of its own overflows: so chunks are few, small, and end where a line ends.
 *
 * Each stream keeps its order and loses nothing. Between streams order is kept to within the time a chunk is held back.
 */
import { TASK_STREAMS, type TaskStream } from "#protocols/roder-extension-0.2";
import { Pacer } from "../../core/progress.ts";
import type { Ambient } from "../../support/ambient.ts";
import { HeldText } from "./held-text.ts";

/** Four chunks a second. */
const EVERY_MS = 250;
/** How long a line may stay unfinished before its beginning is shown. */
const UNFINISHED_MS = 1000;
/** Characters that may wait for their turn. Beyond that the run is followed no faster than the log is written. */
const MAX_WAITING_CHARS = 256 * 1024;

/** Takes one chunk to the host; resolves when the pipe has it. */
export type SendChunk = (stream: TaskStream, chunk: string) => Promise<void>;

export class TaskOutput {
  readonly #ambient: Ambient;
  readonly #send: SendChunk;
  readonly #pacer: Pacer;
  readonly #held: readonly [TaskStream, HeldText][] = TASK_STREAMS.map((stream) => [stream, new HeldText()]);
  #hurried = false;
  #ending = false;
  #last: HeldText | undefined;
  #stopTimer: (() => void) | undefined;
  readonly #wake: (() => void)[] = [];

  constructor(ambient: Ambient, send: SendChunk) {
    this.#ambient = ambient;
    this.#send = send;
    this.#pacer = new Pacer(ambient, EVERY_MS, () => this.#turn());
  }

  /** Takes text for a stream. The answer, if any, resolves when there is room for more. */
  write(stream: TaskStream, text: string): Promise<void> | undefined {
    for (const [name, held] of this.#held) if (name === stream) held.add(text, this.#ambient.now());
    this.#schedule();
    if (this.#hasRoom()) return undefined;
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  /** Stops holding back: the work is being stopped. */
  hurry(): void {
    this.#hurried = true;
    this.#schedule();
    this.#wakeIfRoom();
  }

  /** Sends what is left, with the last line of each stream ended, and resolves when the pipe has it. */
  async finish(): Promise<void> {
    this.#pacer.close();
    this.#stopTimer?.();
    this.#ending = true;
    for (const [, held] of this.#held) held.endLine(this.#ambient.now());
    for (let sent = this.#turn(); sent; sent = this.#turn()) await sent;
    this.#wakeIfRoom();
  }

  #schedule(): void {
    if (this.#next()) {
      this.#pacer.ask(this.#hurried);
      return;
    }
    const since = Math.min(...this.#held.map(([, held]) => held.unfinishedSince()));
    if (since === Number.POSITIVE_INFINITY || this.#stopTimer) return;
    this.#stopTimer = this.#ambient.timer(
      since + UNFINISHED_MS - this.#ambient.now(),
      () => {
        this.#stopTimer = undefined;
        this.#schedule();
      },
      { unref: true },
    );
  }

  /** The stream whose turn it is: of those with something to show, the one that has waited longest. */
  #next(): [TaskStream, HeldText] | undefined {
    const ready = this.#held.filter(([, held]) => held.hasChunk(this.#isDue(held), this.#ending));
    return ready.sort(([, a], [, b]) => a.since - b.since)[0];
  }

  /** Whether an unfinished line has been held back long enough. */
  #isDue(held: HeldText): boolean {
    return this.#ending || this.#hurried || this.#ambient.now() - held.since >= UNFINISHED_MS;
  }

  #turn(): Promise<void> | undefined {
    const next = this.#next();
    if (!next) return undefined;
    const [stream, held] = next;
    const chunk = held.take(this.#isDue(held), this.#ending, this.#ambient.now());
    // The answer is left as it is; a remark of ours must not continue a line of it.
    const lead = stream !== "stdout" && this.#last !== held && this.#last?.isLineOpen ? "\n" : "";
    this.#last = held;
    const sent = this.#send(stream, lead + chunk.toWellFormed());
    if (this.#ending) return sent;
    return sent.then(() => {
      this.#wakeIfRoom();
      this.#schedule();
    });
  }

  #hasRoom(): boolean {
    return this.#hurried || this.#held.reduce((sum, [, held]) => sum + held.length, 0) <= MAX_WAITING_CHARS;
  }

  #wakeIfRoom(): void {
    if (!this.#hasRoom()) return;
    for (const wake of this.#wake.splice(0)) wake();
  }
}
