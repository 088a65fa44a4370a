/** Says what a run waits for when that takes longer than a moment: once for each phase of a turn. */
import type { ExecutionEvent, Phase } from "../../core/index.ts";
import type { Ambient } from "../../support/ambient.ts";

const AFTER_MS = 3_000;

const WORDS: Partial<Record<Phase, string>> = {
  deploying: "Seren Cloud is building the deployment; that can take a few minutes.",
  queued: "The run is queued on Seren Cloud.",
  reconnecting: "The connection to Seren Cloud was lost; the run goes on, and is connected to again.",
};

export class SlowPhases {
  readonly #ambient: Ambient;
  readonly #say: (words: string) => void;
  readonly #said = new Set<Phase>();
  #stopTimer: () => void = () => undefined;

  constructor(ambient: Ambient, say: (words: string) => void) {
    this.#ambient = ambient;
    this.#say = say;
  }

  take(event: ExecutionEvent): void {
    this.#stopTimer();
    if (event.type !== "status") return;
    const { phase } = event;
    const words = WORDS[phase];
    if (words === undefined || this.#said.has(phase)) return;
    this.#stopTimer = this.#ambient.timer(
      AFTER_MS,
      () => {
        this.#said.add(phase);
        this.#say(words);
      },
      { unref: true },
    );
  }

  close(): void {
    this.#stopTimer();
  }
}
