/**
 * Signs of life while a call waits, for a client that has asked for them. The official clients start their timeout anew with
 * each one, if they were told to.
 */
import { Coalescer, type ExecutionEvent, type Phase } from "../../../core/index.ts";
import type { Wire } from "../../../stdio/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { clipCharacters } from "../../../support/clip.ts";

const EVERY_MS = 5_000;
const LIMITS = { everyMs: 1_000, burst: 3 };
const MAX_MESSAGE_CHARS = 100;

const WORDS = {
  resolving: "starting",
  deploying: "starting",
  submitting: "starting",
  queued: "queued",
  running: "running",
  awaiting_approval: "waits for a person",
  reconnecting: "reconnecting",
  cancelling: "cancelling",
  reconciling: "finishing",
} satisfies Record<Phase, string>;

export type ProgressToken = string | number;

export class Progress {
  readonly #ambient: Ambient;
  readonly #latest: Coalescer<string> | undefined;
  #message = "waiting";
  #stopTimer: () => void = () => undefined;

  /** Sends nothing without a token. */
  constructor(ambient: Ambient, wire: Wire, progressToken: ProgressToken | undefined) {
    this.#ambient = ambient;
    if (progressToken === undefined) return;
    let progress = 0;
    this.#latest = new Coalescer<string>(ambient, LIMITS, (message) => {
      progress += 1;
      return wire.notify("notifications/progress", { progressToken, progress, message });
    });
    this.#say();
  }

  take(event: ExecutionEvent): void {
    const message =
      event.type === "status" ? WORDS[event.phase] : event.type === "tool_call" ? `uses ${event.name}` : undefined;
    if (message === undefined || message === this.#message) return;
    this.#message = clipCharacters(message.replace(/[\p{Cc}\u2028\u2029]+/gu, " "), MAX_MESSAGE_CHARS, "…");
    this.#say(event.type === "status");
  }

  /** Nothing is sent afterwards: what belongs to a call must not follow its answer. */
  close(): void {
    this.#stopTimer();
    this.#latest?.close();
  }

  #say(urgent = true): void {
    this.#latest?.offer(this.#message, { urgent });
    this.#stopTimer();
    if (this.#latest) this.#stopTimer = this.#ambient.timer(EVERY_MS, () => this.#say(), { unref: true });
  }
}
