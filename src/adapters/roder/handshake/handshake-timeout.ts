/**
 * Notices that the host has rejected this extension. Roder does not say so: it starts another process at its next call and
 * keeps this one, with its stdin open, until Roder exits (`docs/reference/roder-process-extension-0.2.md`, section 4.1).
 */
import type { Ambient } from "../../../support/ambient.ts";

/** A host that accepts the extension sends its next request at once: it starts the process only to send it. */
const HANDSHAKE_TIMEOUT_MS = 30_000;

/** Runs from the start of the process; a request of the host stops it. */
export class HandshakeTimeout {
  readonly #ambient: Ambient;
  readonly #onTimeout: () => void;
  #stopTimer: (() => void) | undefined;

  constructor(ambient: Ambient, onTimeout: () => void) {
    this.#ambient = ambient;
    this.#onTimeout = onTimeout;
    this.restart();
  }

  /** To be called for a request that a host also sends to an extension it then rejects. */
  restart(): void {
    this.stop();
    this.#stopTimer = this.#ambient.timer(HANDSHAKE_TIMEOUT_MS, this.#onTimeout, { unref: true });
  }

  /** To be called for a request that only an accepted extension gets. */
  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
