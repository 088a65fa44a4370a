/** Deployments: how they are made, how long they take to start, and how the read endpoints show them. */
import { createHash } from "node:crypto";
import type { Ambient } from "../../support/ambient.ts";
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
  /** When the build ends, in milliseconds since the epoch like the other times. */
  readonly readyAt: number;
  readonly codeHash: string;
  /** Set when the build fails. */
  readonly buildError?: string;
  updatedAt: number;
  stopped: boolean;
  /** Number of turns so far, by conversation id. */
  readonly turns: Map<string, number>;
}

export interface BuildOptions {
  buildMs: number;
  /** Makes the build fail with this message. */
  buildError?: string | undefined;
  /** SHA-256 of the bundle that code is deployed from. */
  bundleHash?: string | undefined;
}

export function createDeployment(
  body: DeployBody,
  ambient: Ambient,
  { buildMs, buildError, bundleHash }: BuildOptions,
): Deployment {
  const now = ambient.now();
  const id = ambient.uuid();
  return {
    id,
    name: body.name ?? `${body.skill_slug}-${id.slice(0, 8)}`,
    body,
    createdAt: now,
    readyAt: now + buildMs,
    codeHash: bundleHash ?? createHash("sha256").update(JSON.stringify(body.workload.execution)).digest("hex"),
    ...(buildError === undefined ? {} : { buildError }),
    updatedAt: now,
    stopped: false,
    turns: new Map(),
  };
}

/** The status at `now`. During the first half of the build time a deployment is `pending`, then `building`. */
export function statusOf(deployment: Deployment, now: number): DeploymentStatus {
  if (deployment.stopped) return "stopped";
  if (now < deployment.readyAt) return now < (deployment.createdAt + deployment.readyAt) / 2 ? "pending" : "building";
  return deployment.buildError === undefined ? "running" : "failed";
}

/** `CloudDeploymentSummary`. It holds neither the configuration nor the secrets nor the bundle. */
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

/** Returns the names of the instruction files, as the agent sees them. */
export function instructionNames(deployment: Deployment): string[] {
  const { execution } = deployment.body.workload;
  if (execution.type === "code") return [];
  return (execution.bundle.instructions ?? []).map((instruction) => instruction.path ?? instruction.kind);
}

/** Returns the contents of the instructions, without those for evaluations. */
export function instructionTexts(deployment: Deployment): string[] {
  const { execution } = deployment.body.workload;
  if (execution.type === "code") return [];
  return (execution.bundle.instructions ?? []).filter(({ kind }) => kind !== "eval").map(({ content }) => content);
}
