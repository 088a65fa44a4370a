/** The requests that specs of every form become, against the published OpenAPI document, where it lies next to this checkout. */
import { expect, test } from "vitest";
import { withComposedSpec } from "../../src/adapters/deployment/spec/compose-spec.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { OpenApi, openApiPresent } from "../support/in-process/openapi.ts";
import { parcelDir } from "../unit/parcel/parcels.ts";

const ID = "1b6d0d0e-6a53-4d8e-9f0f-0a4a3d1c5b11";
const SKILL = { kind: "skill", content: "Help.", path: "SKILL.md", allowed_tools: ["a"] };
const POLICIES = {
  compute_backend: "aws_container",
  config: { a: 1 },
  secrets: { TOKEN: "x" },
  requirements: [{ key: "TOKEN", source: "secret" }],
  limits: { max_iterations: 3, max_timeout_seconds: null },
  network_policy: { allow_list: ["10.0.0.0/8"], block_all: false },
  publisher_only: false,
  side_effect_policy: { max_mutating_calls_per_run: 2, require_idempotency_key: true },
  external_databases: [{ project_id: ID, branch_id: ID, database: "d", access: "read_only" }],
};
const ENVELOPE = {
  name: "mine",
  skill_slug: "mine",
  visibility: "opaque",
  environment_id: ID,
  eval_gate: { set_id: ID, max_age_seconds: 60, schedule: { cron: "0 3 * * *" } },
  alert_policy: { webhook_secret_key: "TOKEN", events: ["failed"] },
  dashboard_config: { x: [1] },
};
const TOOL = {
  name: "t",
  description: "d",
  input_schema: {},
  approval_type: "required",
  approval_rules: [{ approval_type: "audit", conditions: [{ type: "string_in", path: "a", values: ["b"] }] }],
};
const LLM = {
  type: "llm",
  instructions: [SKILL],
  assets: [{ path: "a.txt", content_base64: "aGk=", purpose: "resource" }],
  model_id: "x/y",
  model_config: { temperature: 0 },
  fallback_models: ["z"],
  tool_definitions: [TOOL],
  adapter: "seren_agent",
  llm_connection: { provider: "seren_private_models" },
};

test.skipIf(!openApiPresent).each<[string, object]>([
  ["everything an agent may have", { ...ENVELOPE, workload: { ...POLICIES, execution: LLM } }],
  [
    "a bundle around it, as a service",
    { mode: "always_on", workload: { execution: { type: "llm", bundle: { instructions: [SKILL] } } } },
  ],
  ["a bundle by its id", { workload: { execution: { type: "code", deployment_bundle_id: ID, runtime_kind: "rust" } } }],
  ["a schedule", { cron_schedule: "0 3 * * *", cron_timezone: "Europe/Berlin", workload: { execution: LLM } }],
  ["a parcel", { code: { parcel_dir: parcelDir("tools") }, workload: POLICIES }],
  [
    "a parcel as code",
    { code: { parcel_dir: parcelDir("native"), runtime_kind: "rust_wasm_adk", requirements_txt: "a==1" } },
  ],
  ["a folder", { code: { bundle_path: parcelDir("minimal"), runtime_kind: "python" }, workload: POLICIES }],
])("%s", async (_, spec) => {
  const redactor = createRedactor();
  const secret = (name: string) => `value of ${name}`;
  await withComposedSpec(
    spec,
    { cwd: "/", secret, ambient: realAmbient, variable: () => undefined, redactor },
    ({ issues, spec: composed }) => {
      expect(issues).toBeUndefined();
      const body = composed?.request("mine-up-01234567", { slug: "mine", bundleId: ID });
      const validate = new OpenApi().body("POST", "/deploy");
      expect(validate(JSON.parse(JSON.stringify(body))), JSON.stringify(validate.errors)).toBe(true);
    },
  );
});
