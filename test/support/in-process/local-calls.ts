/** Calls to an embedded service, without a socket and in virtual time. */
import { LocalCloud, type LocalCloudOptions, type LocalReply, PUBLISHER_PREFIX } from "../../../src/local/index.ts";
import { VirtualAmbient } from "./virtual-ambient.ts";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Parsed JSON, or the text when it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

export interface SseFrame {
  name: string;
  id: string | undefined;
  data: string;
}

interface CallOptions {
  /** Sent as JSON; a string or bytes are sent as they are. */
  body?: unknown;
  headers?: Record<string, string> | undefined;
  signal?: AbortSignal | undefined;
}

export class Calls {
  readonly ambient: VirtualAmbient;
  readonly cloud: LocalCloud;

  constructor(options: Partial<LocalCloudOptions> = {}, seed = 1) {
    this.ambient = new VirtualAmbient(seed);
    this.cloud = new LocalCloud({ ambient: this.ambient, ...options });
  }

  async raw(method: string, path: string, { body, headers, signal }: CallOptions = {}) {
    return this.cloud.handle(
      {
        method,
        path: path.startsWith("/local-uploads/") ? path : PUBLISHER_PREFIX + path,
        headers: {
          authorization: "Bearer seren_test",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body:
          body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
      },
      signal,
    );
  }

  async send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    const response = await this.ambient.runUntil(this.raw(method, path, { body, headers }));
    if (response.drop) throw new Error("the connection was dropped");
    if (typeof response.body !== "string") throw new Error("the answer is a stream");
    return { status: response.status, headers: response.headers, body: parse(response.body) };
  }

  get = (path: string) => this.send("GET", path);
  post = (path: string, body?: unknown) => this.send("POST", path, body);

  async deploy(changes: object = {}): Promise<string> {
    const answer = await this.post("/deploy", { ...DEPLOY, ...changes });
    if (answer.status !== 202) throw new Error(`deploy answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.data.id;
  }

  /** Starts a run that performs `steps`, and returns its id. */
  async start(deploymentId: string, steps: object[], more: object = {}): Promise<string> {
    const message = `@script ${JSON.stringify(steps)}`;
    const answer = await this.post(`/deployments/${deploymentId}/runs`, { message, ...more });
    if (answer.status !== 202) throw new Error(`run answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.data.run_id;
  }

  async record(runId: string) {
    return (await this.get(`/runs/${runId}`)).body.data;
  }

  async open(path: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<AsyncIterator<string>> {
    const response = await this.raw("GET", path, { headers, signal });
    if (response.drop) throw new Error("the connection was dropped");
    return bodyOf(response)[Symbol.asyncIterator]();
  }

  /** Returns the frames of a run's stream until it ends, or up to the first frame named `until`. */
  async frames(runId: string, { cursor, until }: { cursor?: string; until?: string } = {}): Promise<SseFrame[]> {
    const stream = await this.open(`/runs/${runId}/stream`, cursor === undefined ? {} : { "last-event-id": cursor });
    return this.ambient.runUntil(collect(stream, until));
  }
}

function bodyOf(response: LocalReply): AsyncIterable<string> {
  if (typeof response.body === "string") throw new Error(`not a stream: ${response.status} ${response.body}`);
  return response.body;
}

async function collect(stream: AsyncIterator<string>, until: string | undefined): Promise<SseFrame[]> {
  let text = "";
  for (;;) {
    const step = await stream.next();
    if (step.done) break;
    text += step.value;
    if (until !== undefined && parseFrames(text).some((frame) => frame.name === until)) {
      await stream.return?.();
      break;
    }
  }
  return parseFrames(text);
}

/** Returns the frames of a stream's text. Blocks without `data` are no frames. */
export function parseFrames(text: string): SseFrame[] {
  const frames: SseFrame[] = [];
  for (const block of text.split("\n\n").slice(0, -1)) {
    const lines = block.split("\n");
    const field = (name: string) =>
      lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
    if (field("data").length > 0) {
      frames.push({ name: field("event")[0] ?? "", id: field("id")[0], data: field("data").join("\n") });
    }
  }
  return frames;
}

/** Returns the joined text of the `text` events. */
export function textOf(frames: readonly SseFrame[]): string {
  return frames
    .filter((frame) => frame.name === "run.event")
    .map((frame) => JSON.parse(frame.data))
    .filter((event) => event.type === "text")
    .map((event) => event.text)
    .join("");
}

export const DEPLOY = {
  mode: "job",
  skill_slug: "triage",
  name: "triage-8f21c0de",
  workload: {
    execution: {
      type: "llm",
      model_id: "anthropic/claude-sonnet-4.6",
      bundle: {
        instructions: [
          { kind: "identity", path: "IDENTITY.md", content: "You triage tickets." },
          { kind: "skill", content: "Be brief." },
        ],
        assets: [{ path: "schemas/ticket.json", purpose: "schema", content_base64: "e30=" }],
      },
    },
    limits: { max_iterations: 20, max_timeout_seconds: 900 },
    secrets: { TRACKER_TOKEN: "t0k3n-value" },
    requirements: [{ key: "TRACKER_TOKEN", source: "secret" }],
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
