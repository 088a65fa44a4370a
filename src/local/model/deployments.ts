/** Deployments: what is accepted beyond the schema, how long they take to start, how they are shown. */
import { createHash } from "node:crypto";
import type { Ambient } from "../../support/ambient.ts";
import { isObject } from "../../support/objects.ts";
import { badRequest } from "../http/api-error.ts";
import type { DeployBody } from "./deploy-schema.ts";

/** The one organization and user of an embedded service. */
export const ORGANIZATION_ID = "0c0ffee0-0000-4000-8000-000000000001";
export const USER_ID = "0c0ffee0-0000-4000-8000-000000000002";

export type DeploymentStatus = "pending" | "building" | "running" | "stopped" | "failed";

export interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly body: DeployBody;
  readonly createdAt: number;
  /** When the build is over. */
  readonly readyAt: number;
  readonly codeHash: string;
  /** Set when the build is to fail. */
  readonly buildError?: string;
  updatedAt: number;
  stopped: boolean;
  /** Turns so far by conversation. */
  readonly turns: Map<string, number>;
}

export function createDeployment(body: DeployBody, ambient: Ambient, buildMs: number, buildError?: string): Deployment {
  const now = ambient.now();
  const id = ambient.uuid();
  return {
    id,
    name: body.name ?? `${body.skill_slug}-${id.slice(0, 8)}`,
    body,
    createdAt: now,
    readyAt: now + buildMs,
    codeHash: createHash("sha256").update(JSON.stringify(body.workload.execution)).digest("hex"),
    ...(buildError === undefined ? {} : { buildError }),
    updatedAt: now,
    stopped: false,
    turns: new Map(),
  };
}

/** The first half of the build time is spent waiting, the second building. */
export function statusOf(deployment: Deployment, now: number): DeploymentStatus {
  if (deployment.stopped) return "stopped";
  if (now < deployment.readyAt) return now < (deployment.createdAt + deployment.readyAt) / 2 ? "pending" : "building";
  return deployment.buildError === undefined ? "running" : "failed";
}

/** `CloudDeploymentSummary`: never the configuration, the secrets or the bundle. */
export function summaryOf(deployment: Deployment, now: number): object {
  const { body } = deployment;
  const { execution } = body.workload;
  const status = statusOf(deployment, now);
  return {
    id: deployment.id,
    organization_id: ORGANIZATION_ID,
    user_id: USER_ID,
    name: deployment.name,
    skill_slug: body.skill_slug,
    compute_backend: body.workload.compute_backend ?? "aws_container",
    runtime_kind: (execution.type === "code" ? execution.runtime_kind : undefined) ?? "javascript",
    mode: body.mode,
    status,
    code_bundle_hash: deployment.codeHash,
    orchestration_mode: execution.type === "llm" ? "llm" : "script",
    requirements: body.workload.requirements ?? [],
    visibility: body.visibility ?? "open",
    model_id: execution.type === "llm" ? (execution.model_id ?? null) : null,
    deployment_bundle_id: execution.type === "code" ? execution.deployment_bundle_id : null,
    error_message: status === "failed" ? (deployment.buildError ?? null) : null,
    cron_schedule: body.cron_schedule ?? null,
    cron_timezone: body.mode === "cron" ? (body.cron_timezone ?? "UTC") : null,
    network_policy: body.workload.network_policy ?? null,
    alert_policy: body.alert_policy ?? null,
    publisher_only: body.workload.publisher_only ?? false,
    created_at: new Date(deployment.createdAt).toISOString(),
    updated_at: new Date(deployment.updatedAt).toISOString(),
  };
}

/** Names of the instruction files, as the agent sees them. */
export function instructionNames(deployment: Deployment): string[] {
  const { execution } = deployment.body.workload;
  if (execution.type === "code") return [];
  return (execution.bundle.instructions ?? []).map((instruction) => instruction.path ?? instruction.kind);
}

/** What the agent is told to be and do. */
export function instructionTexts(deployment: Deployment): string[] {
  const { execution } = deployment.body.workload;
  if (execution.type === "code") return [];
  return (execution.bundle.instructions ?? []).filter(({ kind }) => kind !== "eval").map(({ content }) => content);
}

/** What the service checks beyond the shape. Throws a `Problem` (400). */
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
  if (body.cron_schedule.trim().split(/\s+/).length !== 5) throw badRequest("cron_schedule: expected five fields");
  try {
    new Intl.DateTimeFormat("en", { timeZone: body.cron_timezone ?? "UTC" });
  } catch {
    throw badRequest("cron_timezone: unknown time zone");
  }
}

function checkSecrets(body: DeployBody): void {
  const { secrets, config, requirements } = body.workload;
  const names = new Set(isObject(secrets) ? Object.keys(secrets) : []);
  if (secrets != null && !isObject(secrets)) throw badRequest("workload.secrets: expected an object");
  for (const name of names) {
    if (/^seren_/i.test(name)) throw badRequest(`workload.secrets: ${name} is reserved by the platform`);
  }
  for (const { key, source } of requirements ?? []) {
    const there =
      source === "secret" ? names.has(key) : source === "env" || (isObject(config) && Object.hasOwn(config, key));
    if (!there) throw badRequest(`Requirement ${key} is not satisfied: no such ${source}`);
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
