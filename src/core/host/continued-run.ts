/**
 * A run and those in which it goes on, as one: a decision that is made while a host waits may let the run continue as another,
 * whose answer begins with what was said before.
 */
import type { StopCause } from "../../support/abort.ts";
import type { Outcome, RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";
import { ContinuedText } from "./continued-text.ts";
import type { LiveRun, RunRegistry, Sink } from "./run-registry.ts";

export interface ContinuedRunOptions {
  registry: RunRegistry;
  /** The name of each of the runs in the registry. */
  key: string;
  /** Milliseconds since the epoch, for all of them. */
  deadline: number;
  /** Gets the events of all of them, each piece of text once. */
  sink: Sink;
}

export class ContinuedRun {
  readonly #options: ContinuedRunOptions;
  #run: LiveRun | undefined;
  #stoppedBy: StopCause | undefined;
  #decision: Promise<RunRef> | undefined;

  constructor(options: ContinuedRunOptions) {
    this.#options = options;
  }

  /** A decision was sent: `next` is the run that goes on, the same one or another. */
  decided(next: Promise<RunRef>): void {
    this.#decision = next;
  }

  /** Works at any time: what is started afterwards is cancelled at once. */
  cancel(by: StopCause): void {
    this.#stoppedBy ??= by;
    this.#run?.cancel(by);
  }

  /**
   * To be called once. The run is registered before anything is awaited. Returns how the last run ended, with the whole
   * text; rejects with what the execution or the sink threw.
   */
  async follow(first: RunRequest): Promise<Outcome> {
    const { registry, key, deadline, sink } = this.#options;
    const owned = first.attachTo === undefined;
    let [request, text] = [first, new ContinuedText("")];
    for (;;) {
      const said = text;
      this.#run = registry.start(key, request, deadline, (event) => {
        if (event.type !== "text") return sink(event);
        const news = said.push(event.text);
        return news === "" ? undefined : sink({ ...event, text: news });
      });
      if (this.#stoppedBy) this.#run.cancel(this.#stoppedBy);
      const outcome = await this.#run.outcome;
      const held = said.end();
      if (held !== "") await sink({ type: "text", text: held });
      const whole = { ...outcome, text: said.whole(outcome.text) };
      const next = outcome.kind === "completed" ? await this.#decision?.catch(() => undefined) : undefined;
      this.#decision = undefined;
      if (!next || next.runId === outcome.run?.runId) return whole;
      request = { ...request, attachTo: next.runId, owned };
      text = new ContinuedText(whole.text);
    }
  }
}
