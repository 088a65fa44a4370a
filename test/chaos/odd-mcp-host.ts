/**
 * An odd MCP host: it cancels by timeout, answers questions that were never asked, speaks both eras at once, asks for tasks of
 * both, stops reading, and leaves in every way.
 */
import type { Json, Message } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";
import { type Answered, OddHost, WENT_ON } from "./odd-host.ts";
import { sleep } from "./plan-service.ts";

const ASKS = [{ approve: "deploy", args: { env: "prod" } }, { text: WENT_ON }];
const FORMS = { elicitation: { form: {} } };
const TASKS = { extensions: { "io.modelcontextprotocol/tasks": {} } };
const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const SCRIPTS: readonly object[][] = [
  [{ text: "words ", n: 20, every_ms: 20 }],
  [{ artifact: { id: "a", kind: "file" } }, { text: "words " }],
  [{ hang: true }],
  ASKS,
  ASKS,
  ASKS,
  [{ fail: "no" }],
];

export class OddMcpHost extends OddHost {
  readonly hello = { protocolVersion: "2025-11-25", capabilities: FORMS };
  readonly #shakesHands: boolean;
  readonly #calls = new Map<number, Json>();
  readonly #runs: string[] = [];

  constructor(random: SeededRandom, origin: string, stateDir: string) {
    super("mcp", random, { origin, stateDir });
    this.#shakesHands = random.chance(0.7);
  }

  async perform(): Promise<void> {
    const { random } = this;
    if (this.#shakesHands) {
      this.ask("initialize", this.hello);
      this.notify("notifications/initialized", {});
    }
    const acts = [
      this.#start,
      this.#start,
      this.#start,
      this.#start,
      this.#look,
      this.#look,
      this.#task,
      this.#read,
      this.#cancel,
      this.#forge,
    ];
    for (let count = random.int(4, 14); count > 0; count -= 1) {
      random.pick([...acts, this.pause]).call(this);
      await sleep(random.magnitude(1, 400));
    }
    await sleep(random.int(500, 4_000));
  }

  protected asked({ id, params }: Extract<Message, { kind: "request" }>): void {
    if (!this.#shakesHands) this.problems.push("I11: a request to a client whose calls stand for themselves");
    const isError = this.random.chance(0.15);
    if (!this.random.chance(0.1)) this.reply(id, this.#response(String(params.message)), { isError });
  }

  protected heard(): void {
    // Progress.
  }

  protected answered(id: number, message: Answered): void {
    if (message.kind === "error") return;
    const { structuredContent: state, taskId, task, resultType, inputRequests, requestState } = message.result as Json;
    const named = (state as Json | undefined)?.run_id ?? taskId ?? (task as Json | undefined)?.taskId;
    if (typeof named === "string") this.#runs.push(named);
    const call = this.#calls.get(id);
    if (!inputRequests || !call || this.random.chance(0.2)) return;
    const [[key, asked] = ["", {}]] = Object.entries(inputRequests);
    const response = this.#response(JSON.stringify(asked));
    const inputResponses = response === undefined ? {} : { [key]: response };
    if (resultType === "input_required") this.ask("tools/call", { ...call, requestState, inputResponses });
    else this.ask("tasks/update", { taskId, inputResponses, _meta: call._meta });
  }

  #start(): void {
    const { random } = this;
    const wait = random.chance(0.9) ? { wait_seconds: random.int(0, 6) } : {};
    this.#call("seren_dispatch", { prompt: this.prompt(random.pick(SCRIPTS)), ...wait });
  }

  #look(): void {
    this.#call("seren_run_status", { run_id: this.#aRun(), wait_seconds: this.random.int(0, 6) });
  }

  #cancel(): void {
    if (this.#runs.length > 0 && this.random.chance(0.5)) this.#call("seren_run_cancel", { run_id: this.#aRun() });
  }

  #task(): void {
    const { random } = this;
    const method = random.pick(["tasks/get", "tasks/get", "tasks/result", "tasks/cancel"]);
    this.#send(method, { taskId: this.#aRun() });
  }

  #read(): void {
    const uri = `seren://runs/${this.#aRun()}/artifacts/${this.random.pick(["a", "b"])}`;
    this.#send(this.random.pick(["resources/read", "resources/read", "resources/list"]), { uri });
  }

  /** Brings a state that is not ours, and answers what was never asked. */
  #forge(): void {
    const yes = { action: "accept", content: { approve: true } };
    this.lie(yes);
    const forged = { requestState: "e30.e30", inputResponses: { "approval-1": yes } };
    const call = { name: "seren_dispatch", arguments: { prompt: "never" }, _meta: envelope(FORMS), ...forged };
    this.ask("tools/call", call);
  }

  #aRun(): string {
    return this.#runs.length > 0 ? this.random.pick(this.#runs) : UNKNOWN;
  }

  #call(name: string, args: object): void {
    const task = this.random.chance(0.15) ? { task: { ttl: 60_000 } } : {};
    this.#send("tools/call", { name, arguments: args, ...task });
  }

  /** Sends a request of either era, and may give it up soon after. */
  #send(method: string, params: object): void {
    const { random } = this;
    const stands = !this.#shakesHands || random.chance(0.4);
    const capabilities = { ...(random.chance(0.7) ? FORMS : {}), ...(random.chance(0.3) ? TASKS : {}) };
    const _meta = {
      ...(stands ? envelope(capabilities) : {}),
      ...(random.chance(0.5) ? { progressToken: random.int(1, 1e6) } : {}),
    };
    const whole = { ...params, _meta };
    const id = this.ask(method, whole);
    this.#calls.set(id, whole);
    if (random.chance(0.3)) setTimeout(() => this.#timeOut(id), random.magnitude(1, 1_500)).unref();
  }

  #timeOut(id: number): void {
    this.mayBeSilent(id);
    this.notify("notifications/cancelled", { requestId: id, reason: "timeout" });
  }

  /** What this host's person says, or a program in its place. */
  #response(shown: string): unknown {
    const [runId = ""] = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(shown) ?? [];
    const yes = { action: "accept", content: { approve: true } };
    const answer = this.random.pick([
      yes,
      yes,
      yes,
      { action: "accept", content: { approve: false } },
      { action: "accept", content: {} },
      { action: "decline" },
      { action: "cancel", content: { approve: true } },
      { action: "accept", content: { approve: "yes" } },
      "yes",
      undefined,
    ]);
    const isYes = typeof answer === "object" && answer.action === "accept" && answer.content?.approve === true;
    if (isYes) this.approved.add(runId);
    return answer;
  }
}
