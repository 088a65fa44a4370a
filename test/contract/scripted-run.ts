/** One whole execution, from the create call to its outcome, on a service that does what the test scripts. */
import { Canceller } from "../../src/core/cancel/canceller.ts";
import type { ExecutionEvent, Outcome, RunRequest } from "../../src/core/index.ts";
import { createExecute } from "../../src/core/run/run-session.ts";
import { Stopped } from "../../src/support/abort.ts";
import { asFailure, type ExecutionFailure } from "../../src/support/failure.ts";
import { silentLog } from "../../src/support/log.ts";
import { data, type Reply, type Sent, type StreamReply } from "../support/in-process/fake-transport.ts";
import { clientHarness } from "../unit/seren/client/harness.ts";
import { DEPLOYMENT, deployment, RUN, record, state } from "../unit/seren/follow/rows.ts";
import { END, stream } from "../unit/seren/follow/run-service.ts";

export interface Lived {
  events: ExecutionEvent[];
  /** The pieces of the answer, as they were told. */
  pieces: string[];
  outcome?: Outcome;
  failure?: ExecutionFailure;
}

export class ScriptedRun {
  readonly harness = clientHarness();
  /** Connections of the stream, in order; the last one is repeated. */
  openings: StreamReply[] = [stream(END)];
  /** What the record says; a function is asked each time. */
  record: object | (() => object) = { status: "completed", output_events: [] };
  create: (request: Sent) => Reply | ExecutionFailure | Promise<Reply> = () => data({ status: "queued", run_id: RUN });
  readonly stop = new AbortController();

  constructor() {
    const status = () => String(Object(record(this.#record())).status);
    this.harness.transport
      .on("POST /deployments/*/runs", (request) => this.create(request))
      .on("GET /deployments/*", () => data(deployment()))
      .on("GET /deployments/*/runs", () => data([]))
      .on("GET /runs/*", () => data(record(this.#record())))
      .on("GET /runs/*/state", () => data(state({ status: status() })))
      .on("GET /runs/*/events", () => data(Object(this.#record()).output_events ?? []))
      .on("GET /runs/*/artifacts", () => data([]))
      .on("GET /runs/*/pending_approvals", () => data({ run_id: RUN, status: status() }))
      .on("POST /runs/*/cancel", () => {
        this.record = { status: "cancelled", output_events: [] };
        return data(record({ status: "cancelled" }));
      })
      .onStream("GET /runs/*/stream", () => {
        const opening = this.openings.length > 1 ? this.openings.shift() : this.openings[0];
        return opening ?? { status: 404 };
      });
  }

  #record(): object {
    return typeof this.record === "function" ? this.record() : this.record;
  }

  /** `stopAt`: the run is stopped as soon as it shows this phase. */
  live(changes: Partial<RunRequest> = {}, stopAt?: string): Promise<Lived> {
    return this.harness.ambient.runUntil(this.#live(changes, stopAt));
  }

  async #live(changes: Partial<RunRequest>, stopAt: string | undefined): Promise<Lived> {
    const { client, ambient } = this.harness;
    const execute = createExecute({ client, canceller: new Canceller(client, silentLog), log: silentLog });
    const target = { kind: "deployment", deploymentId: DEPLOYMENT, named: "the test" } as const;
    const request: RunRequest = { target, message: "hi", onApproval: "return", ...changes };
    const events = execute(request, { signal: this.stop.signal, deadline: ambient.now() + 600_000 });
    const lived: Lived = { events: [], pieces: [] };
    try {
      for (;;) {
        const step = await events.next();
        if (step.done) return { ...lived, outcome: step.value };
        lived.events.push(step.value);
        if (step.value.type === "text") lived.pieces.push(step.value.text);
        if (step.value.type === "status" && step.value.phase === stopAt) this.stop.abort(new Stopped("host"));
      }
    } catch (error) {
      return { ...lived, failure: asFailure(error) };
    }
  }
}
