/** Complete request bodies, and the ways to damage them. */
import { DEPLOY } from "../support/in-process/local-calls.ts";

const ID = "0c0ffee0-0000-4000-8000-00000000000a";
const TOOL_CONDITIONS = [
  { type: "numeric_threshold", path: "/eur", gte: 1.5, lte: null },
  { type: "string_equals", path: "/a", value: "b" },
  { type: "string_in", path: "/a", values: ["b"] },
  { type: "string_not_in", path: "/a", values: [] },
  { type: "boolean_equals", path: "/a", value: true },
  { type: "outside_hours_utc", start_hour: 8, end_hour: 18 },
];

/** Every field the document knows, apart from what needs other parts of the service. */
export const FULL_DEPLOY = {
  ...DEPLOY,
  visibility: "opaque",
  cron_schedule: "0 9 * * *",
  cron_timezone: "UTC",
  environment_id: null,
  eval_gate: null,
  alert_policy: { webhook_secret_key: "HOOK", events: ["failed", "timeout"] },
  dashboard_config: { tiles: [] },
  workload: {
    ...DEPLOY.workload,
    compute_backend: "daytona",
    config: { a: 1 },
    limits: {
      max_iterations: 1,
      max_timeout_seconds: null,
      max_tool_calls_per_run: 2,
      max_tool_output_chars: 3,
      context_budget_tokens: 4,
    },
    network_policy: { allow_list: ["10.0.0.0/8"], block_all: false },
    publisher_only: true,
    side_effect_policy: {
      max_mutating_calls_per_run: 1,
      min_seconds_between_mutating_calls: null,
      require_idempotency_key: true,
    },
    external_databases: [],
    requirements: [{ key: "TRACKER_TOKEN", source: "secret", description: null }],
    execution: {
      type: "llm",
      model_id: "a/b",
      model_config: { temperature: 0 },
      fallback_models: ["c/d"],
      adapter: "seren_agent",
      llm_connection: { provider: "seren_private_models" },
      tool_definitions: [
        {
          name: "pay",
          description: "Pays",
          input_schema: true,
          approval_type: "required",
          approval_reason: "money",
          approval_rules: [{ approval_type: "audit", approval_reason: null, conditions: TOOL_CONDITIONS }],
          side_effecting: true,
          timeout_override_seconds: 5,
          max_output_bytes: 1000,
        },
      ],
      bundle: {
        instructions: [
          { kind: "skill", content: "x", path: "SKILL.md", skill_name: "s", allowed_tools: ["pay"], sha256: null },
        ],
        assets: [{ path: "a.txt", content_base64: "", content_type: "text/plain", purpose: "resource", sha256: null }],
      },
    },
  },
};

/** Bodies the schemas take, though the service has no use for them. */
export const SCHEMA_ONLY_DEPLOY = {
  ...DEPLOY,
  environment_id: ID,
  eval_gate: {
    set_id: ID,
    max_age_seconds: 60,
    block_on_failure: true,
    schedule: { cron: "* * * * *", timezone: "UTC" },
    drift_baseline: {
      baseline_set_id: ID,
      baseline_run_id: ID,
      baseline_passed: 1,
      baseline_failed: 0,
      baseline_captured_at: "2026-01-01T00:00:00+02:00",
    },
  },
  workload: {
    execution: { type: "code", deployment_bundle_id: ID, runtime_kind: "rust_wasm", requirements_txt: "" },
    external_databases: [{ project_id: ID, branch_id: ID, database: "d", access: "read_only" }],
  },
};

const binding = { binding_id: ID, generation: 1 };
export const FULL_RUN = [
  {
    message: "hello",
    async: true,
    run_id: "mine",
    resume_checkpoint_id: "cp",
    approval_decisions: [{ id: "a", decision: "approve", more: 1 }],
    inputs: {},
    collaboration: {
      invocation_origin: { kind: "channel", binding },
      knowledge_capture_target: { kind: "personal", provider: "memory" },
      output_audience: { kind: "channel", binding },
      knowledge_selection: { kind: "organization", provider: "memory", selection_id: ID },
      task_label: "a.b-c_1",
    },
  },
  {
    collaboration: {
      invocation_origin: { kind: "direct" },
      knowledge_capture_target: { kind: "organization_selection" },
      output_audience: { kind: "organization" },
      knowledge_selection: { kind: "none" },
      task_label: null,
    },
  },
  {
    collaboration: null,
    approval_decisions: null,
    message: null,
    async: null,
    run_id: null,
    resume_checkpoint_id: null,
  },
];

/** What takes the place of a value. */
const INSTEAD = [null, "", "zz", 0, -1, 1.5, 2 ** 31, true, [], {}, [null], { surprise: 1 }];

/** `sample` itself, and with one thing changed: a value replaced, a member or element removed, a member added. */
export function* mutationsOf(sample: unknown, path = "body"): Generator<[what: string, body: unknown]> {
  if (path === "body") yield ["as it is", sample];
  for (const value of INSTEAD) yield [`${path} = ${JSON.stringify(value)}`, value];
  if (Array.isArray(sample)) {
    for (const [index, item] of sample.entries()) {
      yield [`${path}[${index}] removed`, sample.toSpliced(index, 1)];
      for (const [what, inner] of mutationsOf(item, `${path}[${index}]`)) yield [what, sample.with(index, inner)];
    }
  } else if (typeof sample === "object" && sample !== null) {
    yield [`${path}.surprise added`, { ...sample, surprise: 1 }];
    for (const [key, value] of Object.entries(sample)) {
      const { [key]: _, ...rest } = sample as Record<string, unknown>;
      yield [`${path}.${key} removed`, rest];
      for (const [what, inner] of mutationsOf(value, `${path}.${key}`)) yield [what, { ...sample, [key]: inner }];
    }
  }
}
