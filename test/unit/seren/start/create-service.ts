/** A deployment on a scripted service: what happens to each create call, and the runs that exist because of it. */
import { type StartedRun, startRun } from "../../../../src/seren/start/start-run.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { data, lost, type Reply, type Sent } from "../../../support/in-process/fake-transport.ts";
import { clientHarness } from "../client/harness.ts";
import { DEPLOYMENT, record } from "../follow/rows.ts";

/** What becomes of one create call: whether a run exists after it, and what is answered. */
export interface Fate {
  makes?: boolean;
  answer: Reply | ExecutionFailure | ((runId: string) => Reply);
  /** The run comes to be this much after the call. */
  lateMs?: number;
}

export interface Run {
  id: string;
  at: number;
  body: Record<string, unknown>;
  status: string;
  cancelled: boolean;
}

/** The marker of a create call; the first one is ours. */
export const markerOf = (count: number) => `0c1a7b0d-e5f2-4c1b-9d3a-${String(count).padStart(12, "0")}`;
export const MARKER = markerOf(1);
export const idOf = (count: number) => `6f0e8f53-2a0e-45a5-8d0e-${String(count).padStart(12, "0")}`;
/** The usual: a run, and its name. */
export const GOOD: Fate = {
  makes: true,
  answer: (run_id) => ({ status: 202, body: { data: { status: "queued", run_id, execution_id: "exec-1" } } }),
};
export const refused = (status: number, body: unknown = "", headers: Record<string, string> = {}): Fate => ({
  answer: { status, body, headers },
});
export const STILL_STARTING = refused(400, { error: "BadRequest", message: "Deployment is still starting" });
export const BUSY = refused(409, { error: "conversation_busy", message: "busy" });
export const AWAITING = refused(409, { error: "conversation_awaiting_approval", message: "x" });
export const NEVER_SENT: Fate = { answer: lost({ neverSent: true }) };

export class CreateService {
  readonly harness = clientHarness();
  readonly runs: Run[] = [];
  readonly controller = new AbortController();
  /** The list shows a run so long after it came to be. */
  lagMs = 0;
  /** Whether the runtime keeps members it does not know. */
  keepsExtras = true;
  /** Runs of others, as the list shows them after ours. */
  others: object[] = [];
  oldestFirst = false;
  list: ((request: Sent) => Reply | undefined) | undefined;
  readonly request = { requestId: MARKER, message: "hello", conversationId: "talk-1" };
  readonly #fates: Fate[];
  readonly #start: number;

  /** One fate per create call; the last one is repeated. */
  constructor(...fates: Fate[]) {
    this.#fates = fates;
    this.#start = this.harness.ambient.now();
    this.harness.transport
      .on("POST /deployments/*/runs", ({ body }) => this.#create(body))
      .on("GET /deployments/*/runs", (request) => this.list?.(request) ?? this.#page(request))
      .on("GET /runs/*", ({ path }) => {
        const run = this.runs.find(({ id }) => path.includes(id));
        return run ? data(this.#shown(run)) : { status: 404 };
      })
      .on("POST /runs/*/cancel", ({ path }) => {
        const run = this.runs.find(({ id }) => path.includes(id));
        if (!run) return { status: 404 };
        run.cancelled = true;
        return data(this.#shown(run));
      });
  }

  /** When the create calls were made, in milliseconds since the beginning. */
  get calls(): number[] {
    return this.harness.transport.to("POST /deployments/*/runs").map(({ at }) => at - this.#start);
  }

  get looks(): number[] {
    return this.harness.transport.to("GET /deployments/*/runs").map(({ at }) => at - this.#start);
  }

  get now(): number {
    return this.harness.ambient.now() - this.#start;
  }

  start(changes: object = {}, signal = this.controller.signal): Promise<StartedRun> {
    return startRun(this.harness.client, DEPLOYMENT, { ...this.request, ...changes }, { signal });
  }

  /** Runs it to its end; a failure is an answer too. */
  async outcome(changes: object = {}): Promise<StartedRun | ExecutionFailure> {
    const failure = (error: unknown) => {
      if (error instanceof ExecutionFailure) return error;
      throw error;
    };
    return this.harness.ambient.runUntil(this.start(changes).catch(failure));
  }

  #create(body: Record<string, unknown>): Reply | ExecutionFailure {
    const { ambient } = this.harness;
    const {
      makes = false,
      answer,
      lateMs = 0,
    } = (this.#fates.length > 1 ? this.#fates.shift() : this.#fates[0]) ?? GOOD;
    const id = idOf(this.runs.length + 1);
    const make = () => void this.runs.push({ id, at: ambient.now(), body, status: "running", cancelled: false });
    if (makes && lateMs > 0) ambient.timer(lateMs, make, { unref: true });
    else if (makes) make();
    return typeof answer === "function" ? answer(id) : answer;
  }

  #page({ query, at }: Sent): Reply {
    const ours = this.runs.filter((run) => run.at <= at - this.lagMs).map((run) => this.#shown(run));
    const all = [...ours.reverse(), ...this.others];
    if (this.oldestFirst) all.reverse();
    const offset = Number(query.get("offset") ?? 0);
    const page = all.slice(offset, offset + 100);
    return data(page, { hasMore: offset + page.length < all.length });
  }

  #shown({ id, at, body, status }: Run) {
    const { client_request_id: _, ...known } = body;
    return record({
      id,
      status,
      created_at: new Date(at).toISOString(),
      conversation_id: body.conversation_id ?? null,
      execution_id: "exec-1",
      invocation_payload: this.keepsExtras ? body : known,
    });
  }
}
