/**
 * A hostile service: every response and stream may be mutated, without end. The core runs under virtual time and must reach
 * its deadline in an orderly way.
 */
import { Canceller } from "../../src/core/cancel/canceller.ts";
import { generalAgentTarget, type Outcome, RunRegistry } from "../../src/core/index.ts";
import { createExecute } from "../../src/core/run/run-session.ts";
import { LocalCloud } from "../../src/local/index.ts";
import type { HttpRequest, HttpResponse, HttpStream } from "../../src/seren/http/transport.ts";
import { SerenClient } from "../../src/seren/index.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { silentLog } from "../../src/support/log.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { ProcessAmbient } from "../sim/process-ambient.ts";
import { SimulatedTransport } from "../sim/simulated-transport.ts";
import { Trace } from "../sim/trace.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { VirtualAmbient } from "../support/in-process/virtual-ambient.ts";
import { mutateText } from "./mutate.ts";

const TIMEOUT_MS = 30_000;
/** Time after the deadline for a call that hangs (60 s), the confirmation of the cancel (60 s) and the last reads. */
const LEEWAY_MS = 240_000;
const STATUSES = [
  100, 200, 200, 201, 204, 206, 301, 302, 304, 400, 401, 402, 403, 404, 409, 410, 418, 422, 429, 500, 502, 503, 504,
  599,
];
const BODIES = [
  "",
  "null",
  "[]",
  "{}",
  '{"data":null}',
  '{"data":[null,1,"x",{}]}',
  '{"data":{"status":200,"body":"{"}}',
  '{"data":{"status":1e999,"body":{"data":{}}}}',
  "<html><body>502 Bad Gateway</body></html>",
  "\ufeff\u0000",
  `{"data":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
  `{"error":{"message":${JSON.stringify("x".repeat(100_000))}}}`,
  '{"error":"otp_required","scope":"\ud800","message":null}',
  '{"x402Version":2,"accepts":[{"amount":{}}],"resource":null}',
];
const FRAMES = [
  ":\n".repeat(2_000),
  "data: {}\n\n",
  'event: run.event\nid: -1\ndata: {"type":"text"}\n\n',
  'event: run.event\nid: 1e400\ndata: {"type":"text","text":7}\n\n',
  'event: run.state\ndata: {"terminal":"yes"}\n\n',
  "event: end\n\n",
  "event: error\ndata: \n\n",
  "id: \u0000\n\n",
  "retry: 99999999999\n\n",
  "retry: -5\n\n",
  `data: ${"y".repeat(5 * 1024 * 1024)}\n\n`,
  'event: run\ndata: {"status":"completed","output_events":{"length":-1}}\n\n',
  'event: run.event\ndata: {"sequence_number":9007199254740993,"type":"tool_call","id":[],"name":{}}\n\n',
];

export interface ServiceFuzz {
  cases: number;
  /** Number of cases per kind of ending. */
  endings: Record<string, number>;
  problems: string[];
}

export async function fuzzService(seed: number, cases: number): Promise<ServiceFuzz> {
  const endings: Record<string, number> = {};
  const problems: string[] = [];
  for (let index = 0; index < cases; index += 1) {
    const { ending, problems: found } = await oneRun(deriveSeed(seed, index));
    endings[ending] = (endings[ending] ?? 0) + 1;
    problems.push(...found.map((what) => `${what} (seed ${seed}, case ${index})`));
  }
  return { cases, endings, problems: problems.slice(0, 20) };
}

async function oneRun(seed: number): Promise<{ ending: string; problems: string[] }> {
  const clock = new VirtualAmbient(seed, { maxSteps: 500_000 });
  const random = new SeededRandom(seed);
  const process = new ProcessAmbient(clock, deriveSeed(seed, 1));
  const cloud = new LocalCloud({ ambient: clock });
  const transport = new HostileTransport(cloud, process, seed, random);
  const client = new SerenClient(transport, process);
  const canceller = new Canceller(client, silentLog);
  const execute = createExecute({ client, canceller, log: silentLog });
  const registry = new RunRegistry(() => Promise.resolve(execute), process, { redactor: createRedactor() });
  const began = clock.now();
  let outcome: Outcome | undefined;
  let failure: unknown;
  let told = 0;
  const run = registry.start(
    "one",
    {
      target: generalAgentTarget(),
      message:
        '@script [{"text":"some words ","n":20},{"tool":"look"},{"artifact":{"id":"a","kind":"b"}},{"sleep_ms":500},{"text":"end"}]',
      onApproval: random.pick(["wait", "return"]),
    },
    began + TIMEOUT_MS,
    (event) => {
      if (event.type === "text") told += event.text.length;
    },
  );
  run.outcome.then(
    (value) => {
      outcome = value;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  const problems: string[] = [];
  try {
    await clock.advance(TIMEOUT_MS + LEEWAY_MS);
  } catch (error) {
    problems.push(`I11: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!outcome && !failure) problems.push(`I11: no end ${LEEWAY_MS / 1000} s after the deadline`);
  if (failure && !(failure instanceof ExecutionFailure)) problems.push(`I11: failed with ${String(failure)}`);
  if (failure instanceof ExecutionFailure) {
    if (failure.kind === "internal")
      problems.push(`I11: an internal error: ${(failure.cause as Error)?.stack ?? failure.message}`);
    if (failure.message.length > 5_000 || /<html|<body/i.test(failure.message))
      problems.push(`I11: not fit to be shown: ${failure.message.slice(0, 200)}`);
  }
  if (told > 64 * 1024 * 1024) problems.push(`I8: ${told} characters were told`);
  process.kill();
  const ending = outcome ? outcome.kind : failure instanceof ExecutionFailure ? `failure ${failure.kind}` : "none";
  return { ending, problems };
}

class HostileTransport extends SimulatedTransport {
  readonly #random: SeededRandom;
  readonly #malice: number;

  constructor(cloud: LocalCloud, ambient: ProcessAmbient, seed: number, random: SeededRandom) {
    super(cloud, ambient, { seed, latencyMs: 20, refused: 0, lost: 0.02, cut: 0, shred: false }, new Trace(false));
    this.#random = random;
    this.#malice = random.pick([0.05, 0.2, 0.5, 1]);
  }

  override async request(request: HttpRequest): Promise<HttpResponse> {
    const response = await super.request(request);
    return this.#random.chance(this.#malice) ? this.#spoil(response) : response;
  }

  override async openStream(request: Parameters<SimulatedTransport["openStream"]>[0]): Promise<HttpStream> {
    const stream = await super.openStream(request);
    if (!this.#random.chance(this.#malice)) return stream;
    if (this.#random.chance(0.2)) {
      return { ...stream, status: this.#random.pick(STATUSES), headers: this.#headers(stream.headers) };
    }
    return { ...stream, body: spoilStream(stream.body, this.#random) };
  }

  #spoil(response: HttpResponse): HttpResponse {
    const random = this.#random;
    const body = random.chance(0.25) ? random.pick(BODIES) : mutateText(response.body, random).toString();
    const status = random.chance(0.25) ? random.pick(STATUSES) : response.status;
    return { status, headers: random.chance(0.3) ? this.#headers(response.headers) : response.headers, body };
  }

  #headers(headers: Readonly<Record<string, string>>): Record<string, string> {
    const random = this.#random;
    return {
      ...headers,
      "content-type": random.pick(["text/html", "application/json", "text/event-stream", "", "image/png"]),
      "retry-after": random.pick(["0", "-1", "1e99", "Thu, 01 Jan 1970 00:00:00 GMT", "soon", "3", ""]),
      "x-request-id": random.pick(["", "x".repeat(10_000), "\u0000"]),
    };
  }
}

async function* spoilStream(
  body: AsyncIterable<Uint8Array>,
  random: SeededRandom,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of body) {
    const kind = random.int(0, 9);
    if (kind <= 3) yield chunk;
    else if (kind <= 5) yield mutateText(Buffer.from(chunk).toString(), random);
    else if (kind === 6) yield Buffer.from(spoilFrames(Buffer.from(chunk).toString(), random));
    else if (kind === 7) yield Buffer.concat([Buffer.from(random.pick(FRAMES)), chunk]);
    else if (kind === 8) {
      yield chunk;
      yield chunk;
    } else yield Buffer.from(Array.from({ length: random.int(1, 50) }, () => random.int(0, 255)));
  }
}

/** Mutates the data of frames and keeps the frames. */
function spoilFrames(text: string, random: SeededRandom): string {
  return text.replace(
    /^data: (.*)$/gm,
    (_, data: string) => `data: ${mutateText(data, random).toString().replaceAll("\n", " ")}`,
  );
}
