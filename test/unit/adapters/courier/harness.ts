/** A courier with a fake host and a fake core: real parcels, no network, no process. */
import { expect } from "vitest";
import {
  COURIER_EVENT_METHOD,
  COURIER_PROTOCOL_VERSION,
  type CourierEvent,
  CourierEventSchema,
  type CourierResult,
  CourierResultSchema,
  type CourierSession,
} from "#protocols/dispatch-courier";
import { type CourierOptions, createCourier } from "../../../../src/adapters/courier/index.ts";
import {
  type ExecutionEvent,
  type Outcome,
  type RunLimits,
  type RunRef,
  RunRegistry,
  type RunRequest,
  type SavedArtifact,
} from "../../../../src/core/index.ts";
import type { MethodContext } from "../../../../src/stdio/index.ts";
import { stopCauseOf } from "../../../../src/support/abort.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { Secret } from "../../../../src/support/secret.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

export const NOW = 1_000_000;
export const RUN: RunRef = {
  runId: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f",
  deploymentId: "0b5d2c55-7c0b-4f5e-9a10-1f2e3d4c5b6a",
};

/** One run the core was asked for. */
export interface Asked {
  request: RunRequest;
  limits: RunLimits;
}
/** Plays the core for one request. */
export type Play = (asked: Asked) => AsyncGenerator<ExecutionEvent, Outcome, void>;

export interface Answer {
  events: CourierEvent[];
  result?: CourierResult;
  error?: { code: string; number: number; message: string };
}

export class Courier {
  readonly ambient = new VirtualAmbient(5, { startMs: NOW });
  readonly redactor = createRedactor();
  readonly asked: Asked[] = [];
  /** How the next requests are played, in order; `says("ok")` when the list is empty. */
  readonly plays: Play[] = [];
  readonly saved: { outcome: Outcome; folder: string }[] = [];
  readonly registry: RunRegistry;
  warmUps = 0;
  ended = false;
  readonly #courier: ReturnType<typeof createCourier>;

  constructor(options: Partial<CourierOptions> = {}) {
    this.registry = new RunRegistry(
      async () => (request, limits) => {
        const asked = { request, limits };
        this.asked.push(asked);
        return (this.plays.shift() ?? says("ok"))(asked);
      },
      this.ambient,
      { redactor: this.redactor },
    );
    this.#courier = createCourier({
      registry: this.registry,
      ambient: this.ambient,
      redactor: this.redactor,
      apiKey: () => new Secret("the-key"),
      deployment: undefined,
      secret: () => undefined,
      variable: () => undefined,
      log: silentLog,
      stateDir: "/state",
      saveArtifacts: async (outcome, folder) => {
        this.saved.push({ outcome, folder });
        return outcome.artifacts.map((artifact): SavedArtifact => ({ artifact, path: `${folder}/${artifact.id}` }));
      },
      madeAhead: async () => undefined,
      warmUp: () => {
        this.warmUps += 1;
      },
      ...options,
    });
  }

  /** Calls the method as `serve` does. */
  async ask(kind: string, params: object = {}): Promise<Answer> {
    const events: CourierEvent[] = [];
    const after: (() => void)[] = [];
    const context: MethodContext = {
      wire: {
        async notify(method, event) {
          expect(method).toBe(COURIER_EVENT_METHOD);
          events.push(CourierEventSchema.parse(event));
        },
        request: (method) => Promise.reject(new Error(`Dispatch answers no requests: ${method}`)),
      },
      signal: new AbortController().signal,
      afterReply: (run) => void after.push(run),
      endAfterReply: () => {
        this.ended = true;
      },
    };
    const run = this.#courier.methods[`courier.${kind}`];
    if (!run) throw new Error(`no method courier.${kind}`);
    try {
      const result = await run({ kind, protocol_version: COURIER_PROTOCOL_VERSION, ...params }, context);
      for (const work of after) work();
      return { events, result: CourierResultSchema.parse(result) };
    } catch (error) {
      if (!(error instanceof ExecutionFailure)) throw error;
      const { code: number, data, message } = this.#courier.toWireError(error, error.message);
      const { code } = (data as { dispatch_error: { code: string } }).dispatch_error;
      return { events, error: { code, number, message } };
    }
  }

  async open(parcelDir: string): Promise<CourierSession> {
    return sessionOf(await this.ask("open_session", { parcel_dir: parcelDir }));
  }

  run(parcelDir: string, session: object, operation: object): Promise<Answer> {
    return this.ask("run", { parcel_dir: parcelDir, session, operation });
  }

  onEnd(...args: Parameters<ReturnType<typeof createCourier>["onEnd"]>): Promise<void> {
    return this.#courier.onEnd(...args);
  }

  /** The last request to the core. */
  get request(): RunRequest {
    const last = this.asked.at(-1);
    if (!last) throw new Error("the core got no request");
    return last.request;
  }
}

export function sessionOf({ result, error }: Answer): CourierSession {
  if (result?.kind === "session" || result?.kind === "done") return result.session;
  throw new Error(`no session: ${JSON.stringify(error ?? result)}`);
}

export const stateOf = (session: { backend_state?: string | null }): Record<string, unknown> =>
  JSON.parse(session.backend_state ?? "{}");

export const answerOf = ({ events }: Answer) => events.flatMap((one) => (one.kind === "message" ? [one.content] : []));
export const streamedOf = ({ events }: Answer) =>
  events.map((one) => (one.kind === "text_delta" ? one.content : "")).join("");

export function ended(text: string, outcome: Partial<Outcome> = {}): Outcome {
  return { kind: "completed", run: RUN, text, artifacts: [], approvals: [], ...outcome };
}

/** Streams `text` in one event and ends with `outcome`. */
export function says(text: string, outcome: Partial<Outcome> = {}): Play {
  return async function* play() {
    yield { type: "status", phase: "queued", run: RUN };
    if (text) yield { type: "text", text };
    return ended(text, outcome);
  };
}

/** Fails before a run exists. */
export function fails(failure: ExecutionFailure): Play {
  // biome-ignore lint/correctness/useYield: it fails before the first event
  return async function* play() {
    throw failure;
  };
}

/** Runs until it is stopped, then ends as a cancelled run. */
export function hangs(onStart: () => void = () => undefined): Play {
  return async function* play({ limits }) {
    yield { type: "status", phase: "queued", run: RUN };
    onStart();
    await new Promise((resolve) => limits.signal.addEventListener("abort", resolve));
    const stoppedBy = stopCauseOf(limits.signal) ?? "host";
    return ended("", { kind: "cancelled", stoppedBy, error: { message: "the run was cancelled" } });
  };
}
