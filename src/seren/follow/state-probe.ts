/**
 * Asks for the state that a frame of the stream leaves open, beside the reading of the stream: its events must not wait for
 * the answer, and the stream may stay open for hours in a pause that only the unreadable frame has named.
 */
import { sleep } from "../../support/ambient.ts";
import type { SerenClient } from "../client/client.ts";
import type { LiveState } from "../model.ts";

/** Shortest time between two questions. Such frames may come by the hundred. */
const AGAIN_AFTER_MS = 1_500;

export interface ProbeOptions {
  client: SerenClient;
  runId: string;
  /** Ends the asking. */
  signal: AbortSignal;
  /** Not called where the service does not say it either. */
  onState(state: LiveState): void;
}

export class StateProbe {
  readonly #options: ProbeOptions;
  #isWanted = false;
  #isAsking = false;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** Asks now, or once more after the question that is under way. */
  ask(): void {
    this.#isWanted = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    void this.#work().catch(() => undefined); // the signal was aborted
  }

  async #work(): Promise<void> {
    const { client, runId, signal, onState } = this.#options;
    try {
      while (this.#isWanted) {
        this.#isWanted = false;
        const state = await client.getRunState(runId, { signal, attempts: 2 }).catch(() => undefined);
        signal.throwIfAborted();
        if (state) onState(state);
        await sleep(client.ambient, AGAIN_AFTER_MS, signal);
      }
    } finally {
      this.#isAsking = false;
    }
  }
}
