/**
 * A spec as people write it, in JSON or TOML: the members of the service's own request, with `code` in place of a bundle's id,
 * and an LLM execution that may carry its instructions without a bundle around them. Unknown members are refused wherever the
 * service would refuse them.
 */
import * as z from "zod";
import {
  BundleAssetSchema,
  BundleInstructionSchema,
  CodeExecutionSchema,
  CreateDeploymentSchema,
  LlmExecutionSchema,
  RUNTIME_KINDS,
  WorkloadSpecSchema,
} from "#protocols/seren-cloud";
import { isObject } from "../../../support/objects.ts";
import { escapeUnseen } from "../../../support/unseen.ts";
import { JITLESS } from "../../../support/zod.ts";
import type { Issues } from "./issues.ts";

const AuthoredLlmSchema = LlmExecutionSchema.extend({
  bundle: LlmExecutionSchema.shape.bundle.optional(),
  instructions: z.array(BundleInstructionSchema).optional(),
  assets: z.array(BundleAssetSchema).optional(),
});

const AuthoredWorkloadSchema = WorkloadSpecSchema.extend({
  execution: z.discriminatedUnion("type", [AuthoredLlmSchema, CodeExecutionSchema]).optional(),
  config: z.unknown().optional(),
  secrets: z.record(z.string(), z.string()).optional(),
});

const Sources = { bundle_path: z.string().min(1), parcel_dir: z.string().min(1), cached_bundle: z.unknown() };

const CodeSchema = z.strictObject({
  bundle_path: Sources.bundle_path.optional(),
  parcel_dir: Sources.parcel_dir.optional(),
  cached_bundle: Sources.cached_bundle.optional(),
  // The spelling of an older command means the same.
  runtime_kind: z.enum([...RUNTIME_KINDS, "rust_wasm_adk"]).optional(),
  requirements_txt: z.string().optional(),
});

const AuthoredSpecSchema = CreateDeploymentSchema.extend({
  mode: CreateDeploymentSchema.shape.mode.optional(),
  skill_slug: CreateDeploymentSchema.shape.skill_slug.optional(),
  name: z.string().min(1).max(200).optional(),
  visibility: z.enum(["open", "opaque"]).nullish(),
  workload: AuthoredWorkloadSchema.optional(),
  code: CodeSchema.optional(),
  /** What the host adds for a deployment with extensions. */
  dispatch_extensions: z.unknown().optional(),
  /** Refused in words of its own. */
  dispatch_channels: z.unknown().optional(),
});
export type AuthoredSpec = z.output<typeof AuthoredSpecSchema>;
export type AuthoredWorkload = z.output<typeof AuthoredWorkloadSchema>;
export type AuthoredCode = z.output<typeof CodeSchema>;

/** Returns undefined when there are issues that keep the spec from being read at all. Its members may have issues of their own. */
export function readAuthoredSpec(spec: unknown, issues: Issues): AuthoredSpec | undefined {
  if (!isObject(spec)) {
    issues.add("", "invalid_type", "the spec must be an object with a workload or with code");
    return undefined;
  }
  const parsed = AuthoredSpecSchema.safeParse(spec, { ...JITLESS, reportInput: true });
  if (!parsed.success) issues.addAll(parsed.error);
  checkMembers(spec, issues);
  return parsed.data;
}

/** Returns what `code` says, whatever is wrong with the rest. */
export function readAuthoredCode(spec: unknown): AuthoredCode | undefined {
  return isObject(spec) ? CodeSchema.safeParse(spec.code, JITLESS).data : undefined;
}

/** What no schema says. Reads the members one by one, so that one mistake does not hide another. */
function checkMembers(spec: Record<string, unknown>, issues: Issues): void {
  const { workload, code } = spec;
  if (spec.dispatch_channels != null) {
    issues.add(
      "dispatch_channels",
      "unsupported",
      "Seren Cloud does not run Dispatch channels; run `dispatch up` without --target, and the channels stay with Dispatch on this machine",
    );
  }
  if (typeof spec.name === "string" && (spec.name.trim() === "" || escapeUnseen(spec.name) !== spec.name)) {
    issues.add("name", "invalid_value", "must be a text that people can see, without line breaks");
  }
  if (workload === undefined && code === undefined) {
    issues.add("workload", "required", "the spec needs a workload, or code with parcel_dir or bundle_path");
  }
  checkExecution(isObject(workload) ? workload : {}, { hasWorkload: workload !== undefined, code }, issues);
  if (isObject(code)) checkSource(code, issues);
  if (isObject(workload)) checkSecrets(workload, issues);
  checkSchedule(spec, issues);
}

function checkExecution(
  { execution }: Record<string, unknown>,
  { hasWorkload, code }: { hasWorkload: boolean; code: unknown },
  issues: Issues,
): void {
  if (code !== undefined) {
    if (execution !== undefined) {
      issues.add("workload.execution", "conflict", "code says what is executed; leave one of the two out");
    }
    return;
  }
  if (!hasWorkload) return;
  if (execution === undefined) {
    issues.add("workload.execution", "required", "the workload needs an execution, or the spec needs code");
  }
  if (!isObject(execution) || execution.type !== "llm") return;
  const bundle = isObject(execution.bundle) ? execution.bundle : {};
  for (const name of ["instructions", "assets"]) {
    if (execution[name] === undefined || bundle[name] === undefined) continue;
    issues.add(`workload.execution.${name}`, "conflict", `stands in bundle as well; leave one of the two out`);
  }
  const instructions = bundle.instructions ?? execution.instructions;
  if (instructions === undefined || (Array.isArray(instructions) && instructions.length === 0)) {
    issues.add("workload.execution.instructions", "required", "an agent needs at least one instruction");
  }
}

function checkSource(code: Record<string, unknown>, issues: Issues): void {
  const given = Object.keys(Sources).filter((name) => code[name] !== undefined);
  if (given.length === 1) return;
  const what = given.length === 0 ? "needs" : `has ${given.join(" and ")}; it needs exactly`;
  issues.add("code", "invalid_value", `${what} one of parcel_dir, bundle_path and cached_bundle`);
}

function checkSecrets({ secrets }: Record<string, unknown>, issues: Issues): void {
  if (!isObject(secrets)) return;
  for (const name of Object.keys(secrets)) {
    if (!/^seren_/i.test(name)) continue;
    const message = "names that begin with SEREN_ belong to Seren Cloud, which sets its own; rename it";
    issues.add(`workload.secrets.${name}`, "reserved", message);
  }
}

function checkSchedule(spec: Record<string, unknown>, issues: Issues): void {
  const { mode, cron_schedule: schedule, cron_timezone: zone } = spec;
  const isCron = mode === "cron" || (mode === undefined && schedule != null);
  if (typeof schedule === "string" && !isCronExpression(schedule)) {
    issues.add("cron_schedule", "invalid_value", "must have five fields, such as 0 3 * * *");
  }
  if (typeof zone === "string" && !isTimeZone(zone)) {
    issues.add("cron_timezone", "invalid_value", "is not a time zone; give a name such as Europe/Berlin or UTC");
  }
  // A parcel may have a schedule of its own.
  const mayHaveOne = isObject(spec.code) && (spec.code.parcel_dir ?? spec.code.cached_bundle) !== undefined;
  if (isCron && schedule == null && !mayHaveOne) issues.add("cron_schedule", "required", NEEDS_SCHEDULE);
  if (isCron) return;
  if (schedule != null) issues.add("cron_schedule", "conflict", "is for the mode cron only");
  if (zone != null) issues.add("cron_timezone", "conflict", "is for the mode cron only");
}

export const NEEDS_SCHEDULE = "the mode cron needs a schedule, such as 0 3 * * *";

export function isCronExpression(text: string): boolean {
  const fields = text.trim().split(/\s+/);
  return fields.length === 5 && fields.every((field) => /^[0-9A-Za-z*,/?#-]{1,100}$/.test(field));
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
