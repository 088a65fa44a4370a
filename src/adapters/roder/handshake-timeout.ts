/**
 * Notices a host that has given up on us. Roder refuses an extension by falling silent: it starts another process at its next
 * call and leaves this one alive, stdin open, for as long as Roder lives.
 */
import type { Ambient } from "../../support/ambient.ts";

/** A host that has accepted us asks its next question at once: it only started us in order to ask it. */
export const HANDSHAKE_TIMEOUT_MS = 30_000;

export class HandshakeTimeout {
  readonly #ambient: Ambient;
  readonly #onSilence: () => void;
  #stop: (() => void) | undefined;

  constructor(ambient: Ambient, onSilence: () => void) {
    this.#ambient = ambient;
    this.#onSilence = onSilence;
    this.restart();
  }

  /** The host has said hello, but nothing it would only say to an extension it accepts. */
  restart(): void {
    this.broken();
    this.#stop = this.#ambient.timer(HANDSHAKE_TIMEOUT_MS, this.#onSilence, { unref: true });
  }

  /** The host talks to us. */
  broken(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
