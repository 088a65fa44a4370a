/** What the service checks of a deployment beyond the schema of its body. */
import { createHash } from "node:crypto";
import { isObject } from "../../support/objects.ts";
import { badRequest } from "../http/api-error.ts";
import { parseCron } from "../model/cron.ts";
import type { DeployBody } from "../model/deploy-schema.ts";

/** Throws an `ApiError` (400) for a deployment that fits the schema but cannot be accepted. */
export function checkDeploy(body: DeployBody): void {
  const { workload } = body;
  if (body.skill_slug.trim() === "") throw badRequest("skill_slug must not be empty");
  if (body.visibility != null && !["open", "opaque"].includes(body.visibility)) {
    throw badRequest("visibility: expected open or opaque");
  }
  if (body.mode === "cron") checkCron(body);
  if (body.environment_id != null || body.eval_gate != null || workload.external_databases?.length) {
    throw badRequest("The embedded service has no saved environments, eval gates or external databases");
  }
  checkSecrets(body);
  if (workload.execution.type === "llm") checkBundle(workload.execution.bundle);
}

function checkCron(body: DeployBody): void {
  if (!body.cron_schedule) throw badRequest("cron_schedule is required when mode is cron");
  try {
    if (parseCron(body.cron_schedule, body.cron_timezone ?? "UTC")) return;
  } catch {
    throw badRequest("cron_timezone: unknown time zone");
  }
  throw badRequest("cron_schedule: expected five fields");
}

function checkSecrets(body: DeployBody): void {
  const { secrets, config, requirements } = body.workload;
  const names = new Set(isObject(secrets) ? Object.keys(secrets) : []);
  if (secrets != null && !isObject(secrets)) throw badRequest("workload.secrets: expected an object");
  for (const name of names) {
    if (/^seren_/i.test(name)) throw badRequest(`workload.secrets: ${name} is reserved by the platform`);
  }
  for (const { key, source } of requirements ?? []) {
    const satisfied =
      source === "secret" ? names.has(key) : source === "env" || (isObject(config) && Object.hasOwn(config, key));
    if (!satisfied) throw badRequest(`Requirement ${key} is not satisfied: no such ${source}`);
  }
}

type AgentBundle = Extract<DeployBody["workload"]["execution"], { type: "llm" }>["bundle"];

function checkBundle(bundle: AgentBundle): void {
  for (const { path, content, sha256 } of bundle.instructions ?? []) {
    if (sha256 != null && sha256 !== sha256Of(content)) throw badRequest(`Instruction ${path}: sha256 does not match`);
  }
  for (const { path, content_base64, sha256 } of bundle.assets ?? []) {
    if (path === "" || /^\/|\\|\0|(^|\/)\.\.?(\/|$)/.test(path))
      throw badRequest(`Asset path ${path} is not bundle-relative`);
    const bytes = Buffer.from(content_base64, "base64");
    if (bytes.toString("base64") !== content_base64) throw badRequest(`Asset ${path}: content_base64 is not base64`);
    if (sha256 != null && sha256 !== sha256Of(bytes)) throw badRequest(`Asset ${path}: sha256 does not match`);
  }
}

const sha256Of = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");
