/** Roder's side of an extension, as far as the benchmarks need it. */
import { INITIALIZE } from "../../test/support/child-process/roder-initialize.ts";
import { Child } from "./child.ts";
import type { Command } from "./places.ts";

export interface Terminal {
  type: string;
  result?: { final_message: string; exit_reason: string };
  error?: string;
}

export class Roder {
  readonly child: Child;
  readonly #service: string;
  readonly #terminals = new Map<string, (event: Terminal) => void>();

  /** `service` is the dispatcher's id. */
  constructor(command: Command, env: Record<string, string>, service = "seren-cloud") {
    this.child = new Child(command, env);
    this.#service = service;
    this.child.onLine = (line) => this.#take(line);
  }

  hello(): Promise<unknown> {
    return this.child.ask("extension/initialize", INITIALIZE);
  }

  /** `acknowledged` resolves with the milliseconds the acknowledgement took, `ended` with the terminal event. */
  dispatch(dispatchId: string, request: object = {}): { acknowledged: Promise<number>; ended: Promise<Terminal> } {
    const ended = new Promise<Terminal>((resolve) => void this.#terminals.set(dispatchId, resolve));
    const began = performance.now();
    const acknowledged = this.child
      .ask("subagents/dispatch", {
        dispatcherId: this.#service,
        dispatchId,
        parentThreadId: "th-1",
        parentTurnId: "tu-1",
        request: { description: "bench", prompt: dispatchId, ...request },
      })
      .then(() => performance.now() - began);
    return { acknowledged, ended };
  }

  cancel(dispatchId: string): Promise<unknown> {
    return this.child.ask("subagents/cancel", {
      dispatcherId: this.#service,
      dispatchId,
      reason: "dispatch timed out",
    });
  }

  /** Milliseconds until something is answered that takes no work. */
  async loopDelay(): Promise<number> {
    const began = performance.now();
    await this.child.ask("subagents/definitions", { dispatcherId: this.#service });
    return performance.now() - began;
  }

  #take(line: Buffer): void {
    if (line.includes('"type":"status"')) return;
    const { params }: { params: { dispatchId: string; event: Terminal } } = JSON.parse(line.toString());
    this.#terminals.get(params.dispatchId)?.(params.event);
    this.#terminals.delete(params.dispatchId);
  }
}
