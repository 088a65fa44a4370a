/**
 * Every member of every request that was recorded, and of specs that use everything there is, changed to each other JSON type,
 * left out, or very long: one clear reply each, and never an error of ours.
 */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { DEPLOYMENT_PROTOCOL_VERSION } from "#protocols/dispatch-deployment";
import { type Json, membersOf, odditiesOf, withOddMember } from "../../src/local/index.ts";
import { serve } from "../../src/stdio/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { silentLog } from "../../src/support/log.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { checkLine, type Message } from "../support/child-process/line-check.ts";
import { StdoutLines } from "../support/child-process/stdout-lines.ts";
import { corpusOf } from "./corpus.ts";
import { deploymentPlugin } from "./deployment-plugin.ts";

const SKILL = { kind: "skill", path: "SKILL.md", content: "Help.", skill_name: "help", allowed_tools: ["search"] };
const ASSET = { path: "a.txt", content_base64: "aGk=", purpose: "resource", content_type: "text/plain" };
const TOOL = {
  name: "t",
  description: "d",
  input_schema: { type: "object" },
  approval_type: "required",
  approval_rules: [{ approval_type: "none", conditions: [{ type: "string_equals", path: "a", value: "b" }] }],
  side_effecting: true,
};
const WORKLOAD = {
  config: { a: 1 },
  secrets: { TOKEN: "a-secret-value-1" },
  requirements: [{ key: "TOKEN", source: "secret", description: "d" }],
  limits: { max_iterations: 3, max_timeout_seconds: 60 },
  network_policy: { allow_list: ["10.0.0.0/8"], block_all: false },
  publisher_only: false,
  side_effect_policy: { max_mutating_calls_per_run: 1, require_idempotency_key: true },
};
const LLM = {
  type: "llm",
  model_id: "a/b",
  model_config: { temperature: 1 },
  fallback_models: ["c/d"],
  tool_definitions: [TOOL],
};
const ENVELOPE = {
  name: "night",
  cron_schedule: "0 3 * * *",
  cron_timezone: "Europe/Berlin",
  skill_slug: "night",
  visibility: "opaque",
  alert_policy: { webhook_secret_key: "TOKEN", events: ["failed"] },
  dashboard_config: { a: 1 },
};
const SPECS = [
  { ...ENVELOPE, workload: { ...WORKLOAD, execution: { ...LLM, instructions: [SKILL], assets: [ASSET] } } },
  { ...ENVELOPE, workload: { ...WORKLOAD, execution: { ...LLM, bundle: { instructions: [SKILL], assets: [ASSET] } } } },
  {
    mode: "job",
    code: { parcel_dir: "test/fixtures/dispatch/parcels/chat", requirements_txt: "x" },
    workload: WORKLOAD,
  },
  { mode: "job", code: { bundle_path: "test/fixtures/dispatch-deployment/packing/folder", runtime_kind: "python" } },
  { dispatch_extensions: { extensions: [] }, dispatch_channels: { channels: [] }, workload: WORKLOAD },
];
const request = (kind: string, params: object) => ({
  method: `deployment.${kind}`,
  params: { kind, protocol_version: DEPLOYMENT_PROTOCOL_VERSION, ...params },
});
interface Request {
  method: string;
  params: object;
}
/** One of each shape. */
const recorded = new Map<string, Request>(
  corpusOf("deployment").map((line) => {
    const { method, params }: Request = JSON.parse(line);
    return [`${method} ${[...membersOf(params as Json).keys()].join()}`, { method, params }];
  }),
);
const REQUESTS: Request[] = [
  ...recorded.values(),
  ...SPECS.flatMap((spec) => [request("validate", { spec }), request("upsert", { name: "night", spec })]),
  request("list", { filters: { name: "night", mode: "job", status: "running" } }),
  request("configure", { config: { api_origin: "http://127.0.0.1", api_key: "a-key-of-a-config" } }),
];
const HUGE = "long ".repeat(40_000);

async function replies(lines: readonly string[]): Promise<{ messages: Message[]; problems: string[] }> {
  const input = new PassThrough();
  const output = new PassThrough();
  const messages: Message[] = [];
  const problems: string[] = [];
  const read = new StdoutLines((line) => {
    try {
      messages.push(checkLine(line, "deployment"));
    } catch (error) {
      problems.push(`${error}: ${line.toString().slice(0, 200)}`);
    }
  });
  output.on("data", (chunk: Buffer) => read.push(chunk));
  const shutdown = new AbortController().signal;
  const options = { ambient: realAmbient, log: silentLog, redactor: createRedactor(), shutdown };
  const { ended } = serve({ input, output, ...deploymentPlugin(), ...options });
  input.end(lines.join("\n"));
  await ended;
  return { messages, problems };
}

test("a member of another type, without it, and very long", { timeout: 300_000 }, async () => {
  const spoilt: { line: string; what: string }[] = [];
  for (const { method, params } of REQUESTS) {
    for (const [path, value] of membersOf(params as Json)) {
      const odd = (form: Json) => JSON.stringify({ jsonrpc: "2.0", id: spoilt.length + 1, method, params: form });
      const add = (form: Json, how: string) => spoilt.push({ line: odd(form), what: `${method} ${path} ${how}` });
      for (const oddity of odditiesOf(value)) add(withOddMember(params as Json, { path, oddity, form: 0 }), oddity);
      if (typeof value === "string")
        add(JSON.parse(JSON.stringify(params).replace(JSON.stringify(value), JSON.stringify(HUGE))), "huge");
    }
  }
  const { messages, problems } = await replies(spoilt.map(({ line }) => line));
  expect(problems).toEqual([]);
  expect(messages).toHaveLength(spoilt.length);
  for (const message of messages) {
    if (message.kind !== "error") continue;
    const { what } = spoilt[Number(message.id) - 1] ?? {};
    expect(message.error.message, what).not.toMatch(/did not foresee|larger than the 1 MiB|\[object/);
    expect(Buffer.byteLength(message.error.message), what).toBeLessThan(9_000);
  }
});
