/** Turns the states a run goes through into status events, each told once. */
import { AWAITING_APPROVAL, endingOf } from "../../seren/index.ts";
import type { ExecutionEvent, Phase, RunRef } from "../events.ts";

export function statusEvent(phase: Phase, detail?: string, run?: RunRef): ExecutionEvent {
  return { type: "status", phase, ...(detail ? { detail } : {}), ...(run ? { run } : {}) };
}

export class StatusNotifier {
  #told = "";

  /** Nothing for a state that was told already, and for an end: the outcome tells that, when all events are in. */
  *emit(status: string, detail: string | undefined, run: RunRef): Generator<ExecutionEvent, void, void> {
    const state = `${status}\n${detail ?? ""}`;
    if (state === this.#told) return;
    this.#told = state;
    if (endingOf(status)) return;
    yield statusEvent(phaseOf(status), detail === status ? undefined : detail, run);
  }
}

function phaseOf(status: string): Phase {
  if (status === "queued") return "queued";
  return status === AWAITING_APPROVAL ? "awaiting_approval" : "running";
}
