/** An authored spec as the service's request, or everything that is wrong with it. Needs neither a key nor the network. */
import type { ValidationIssue } from "#protocols/dispatch-deployment";
import type { CreateDeployment } from "#protocols/seren-cloud";
import type { ArchiveFile } from "../../../archive/index.ts";
import { isMadeAhead } from "../../../core/index.ts";
import {
  hideSecrets,
  type OpenedParcel,
  parcelSettings,
  parcelWorkload,
  requireCompatible,
  type SecretSource,
  secretNotes,
  workloadNotes,
} from "../../../parcel/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { asFailure } from "../../../support/failure.ts";
import { isObject, lookUp } from "../../../support/objects.ts";
import type { Redactor } from "../../../support/redact.ts";
import {
  type AuthoredCode,
  type AuthoredSpec,
  type AuthoredWorkload,
  isCronExpression,
  NEEDS_SCHEDULE,
  readAuthoredCode,
  readAuthoredSpec,
} from "./authored-spec.ts";
import { type CodeSource, readCodeSource, Scratch } from "./code-source.ts";
import { checkInlineSizes } from "./inline-sizes.ts";
import { Issues } from "./issues.ts";

export interface SpecSources {
  /** Working folder of the host. */
  cwd: string;
  /** Values of the secrets that a parcel declares. */
  secret: SecretSource;
  /** A variable of the environment, whether its value may leave or not: for redaction. */
  variable: (name: string) => string | undefined;
  redactor: Pick<Redactor, "add">;
  ambient: Ambient;
}

export interface ComposedSpec {
  /** What the author calls it. */
  name: string | undefined;
  /** What its name is made from where the author gives none. */
  title: string;
  /** Digest of the parcel it is made from. */
  digest: string | undefined;
  /** To be uploaded before it is deployed. */
  bundle: ArchiveFile | undefined;
  /** What is not carried over, in sentences for a person. */
  notes: string[];
  /** The request. `bundleId` is the id under which the service has the bundle. */
  request(name: string, options: { slug: string; bundleId?: string | undefined }): CreateDeployment;
}

type Composition =
  | { issues: readonly ValidationIssue[]; spec?: undefined }
  | { issues?: undefined; spec: ComposedSpec };

/** Hands the composition to `use`, whose files are removed afterwards. */
export async function withComposedSpec<T>(
  spec: unknown,
  sources: SpecSources,
  use: (composition: Composition) => T | Promise<T>,
): Promise<T> {
  const scratch = new Scratch(sources.ambient);
  try {
    const issues = new Issues();
    const composed = await compose(spec, sources, scratch, issues);
    return await use(composed && issues.list.length === 0 ? { spec: composed } : { issues: issues.list });
  } finally {
    await scratch.release();
  }
}

async function compose(
  value: unknown,
  sources: SpecSources,
  scratch: Scratch,
  issues: Issues,
): Promise<ComposedSpec | undefined> {
  hideWritten(value, sources.redactor);
  const spec = readAuthoredSpec(value, issues);
  if (isObject(value) && typeof value.name === "string" && isMadeAhead(value.name)) {
    issues.add(
      "name",
      "reserved",
      'names of this form are kept for `reconcile = "upsert"`, which deletes them; choose another one',
    );
  }
  const code = readAuthoredCode(value);
  const source = code && (await readCodeSource(code, sources.cwd, scratch, issues));
  if (!spec) return undefined;
  if (spec.code && !source) return undefined;
  const made = source
    ? await fromCode(spec, { ...source, code: spec.code ?? {} }, sources, issues)
    : fromWorkload(spec.workload, issues);
  if (!made) return undefined;
  const { mode, schedule } = modeOf(spec, source?.parcel);
  if (mode === "cron" && schedule === undefined) {
    issues.add("cron_schedule", "required", NEEDS_SCHEDULE);
  }
  if (issues.list.length > 0) return undefined;
  const { skill_slug, visibility, cron_timezone, environment_id, eval_gate, alert_policy, dashboard_config } = spec;
  const shown = visibility ?? made.visibility;
  return {
    name: spec.name,
    title: skill_slug ?? source?.parcel?.parcel.manifest.name ?? "agent",
    digest: source?.parcel?.parcel.manifest.digest,
    bundle: made.bundle,
    notes: notesOf(spec, source?.parcel, sources, mode),
    request: (name, options) => ({
      mode,
      skill_slug: skill_slug ?? options.slug,
      name,
      ...(shown == null ? {} : { visibility: shown }),
      ...(schedule === undefined ? {} : { cron_schedule: schedule }),
      ...(cron_timezone == null ? {} : { cron_timezone }),
      ...(environment_id == null ? {} : { environment_id }),
      ...(eval_gate == null ? {} : { eval_gate }),
      ...(alert_policy == null ? {} : { alert_policy }),
      ...(dashboard_config === undefined ? {} : { dashboard_config }),
      workload: made.workload(options.bundleId),
    }),
  };
}

/** Secrets of the spec, before anything is said about it. */
function hideWritten(spec: unknown, redactor: Pick<Redactor, "add">): void {
  const workload = isObject(spec) && isObject(spec.workload) ? spec.workload : {};
  for (const value of Object.values(isObject(workload.secrets) ? workload.secrets : {})) {
    if (typeof value === "string") redactor.add(value);
  }
}

type Workload = CreateDeployment["workload"];

interface Made {
  workload(bundleId: string | undefined): Workload;
  visibility?: string | null | undefined;
  bundle?: ArchiveFile | undefined;
}

function fromWorkload(workload: AuthoredWorkload | undefined, issues: Issues): Made | undefined {
  if (!workload?.execution) return undefined;
  const { execution, ...rest } = workload;
  if (execution.type === "code") return { workload: () => ({ ...rest, execution }) };
  const { instructions, assets, bundle = {}, ...settings } = execution;
  const whole = {
    ...bundle,
    ...(instructions ? { instructions } : {}),
    ...(assets ? { assets } : {}),
  };
  checkInlineSizes(
    whole,
    bundle.assets || bundle.instructions ? "workload.execution.bundle" : "workload.execution",
    issues,
  );
  return { workload: () => ({ ...rest, execution: { ...settings, bundle: whole } }) };
}

/** A parcel without `runtime_kind` is an agent of instructions; everything else is code. */
async function fromCode(
  spec: AuthoredSpec,
  { parcel: opened, archive, code }: CodeSource & { code: AuthoredCode },
  sources: SpecSources,
  issues: Issues,
): Promise<Made | undefined> {
  const written = spec.workload ?? {};
  const secret: SecretSource = (name) => lookUp(written.secrets ?? {}, name) ?? sources.secret(name);
  const runtime = code.runtime_kind === "rust_wasm_adk" ? "rust_wasm" : code.runtime_kind;
  const requirements = code.requirements_txt === undefined ? {} : { requirements_txt: code.requirements_txt };
  if (opened) hideSecrets(opened.parcel, sources.variable, sources.redactor);
  try {
    if (opened && runtime === undefined) {
      requireCompatible(opened.parcel);
      if (code.requirements_txt !== undefined) {
        issues.add("code.requirements_txt", "conflict", "is for code; give code.runtime_kind as well");
      }
      const { create } = await parcelWorkload(opened.parcel, opened.files, { name: "", secret });
      return { workload: () => overlaid(create.workload, written), visibility: create.visibility };
    }
    const bundle = await archive();
    const settings = opened && parcelSettings(opened.parcel, secret);
    const base = settings?.workload ?? {};
    return {
      bundle,
      visibility: settings?.visibility,
      workload: (bundleId = "") => {
        const execution = {
          type: "code" as const,
          deployment_bundle_id: bundleId,
          ...(runtime === undefined ? {} : { runtime_kind: runtime }),
          ...requirements,
        };
        return overlaid({ execution, ...base }, written);
      },
    };
  } catch (error) {
    const failure = asFailure(error);
    const field = failure.kind === "unsupported" ? "code.runtime_kind" : "code";
    const instead = failure.kind === "unsupported" ? "; or give code.runtime_kind, and it is deployed as code" : "";
    issues.add(field, failure.kind === "unsupported" ? "unsupported" : "invalid_value", failure.message + instead);
    return undefined;
  }
}

/** What the author wrote wins, member by member; `config` and `secrets` key by key. */
function overlaid(base: Workload, { execution: _, config, secrets, ...written }: AuthoredWorkload): Workload {
  return {
    ...base,
    ...written,
    ...(config === undefined ? {} : { config: merged(base.config, config) }),
    ...(secrets === undefined ? {} : { secrets: merged(base.secrets, secrets) }),
  };
}

function merged(base: unknown, written: unknown): unknown {
  return isObject(base) && isObject(written) ? { ...base, ...written } : written;
}

/** Returns no schedule where the mode needs one and none is given. */
function modeOf(
  { mode, cron_schedule: written }: AuthoredSpec,
  opened: OpenedParcel | undefined,
): { mode: CreateDeployment["mode"]; schedule: string | undefined } {
  const chosen = mode ?? (written == null ? "job" : "cron");
  if (chosen !== "cron") return { mode: chosen, schedule: undefined };
  const own = opened?.parcel.manifest.schedules.filter(isCronExpression) ?? [];
  return { mode: chosen, schedule: written ?? (own.length === 1 ? own[0] : undefined) };
}

function notesOf(
  spec: AuthoredSpec,
  opened: OpenedParcel | undefined,
  { secret }: SpecSources,
  mode: CreateDeployment["mode"],
): string[] {
  const notes: string[] = [];
  if (opened && spec.code?.runtime_kind === undefined) {
    const own = opened.parcel.manifest.schedules;
    const isScheduled = mode === "cron" && own.length > 0;
    notes.push(...workloadNotes(opened.parcel).filter((note) => !isScheduled || !note.startsWith("SCHEDULE")));
  }
  if (opened) {
    const written = spec.workload?.secrets ?? {};
    notes.push(...secretNotes(opened.parcel, (name) => lookUp(written, name) ?? secret(name)));
  }
  if (spec.dispatch_extensions != null) {
    notes.push("dispatch_extensions are left out: Seren Cloud does not run Dispatch extensions");
  }
  return notes;
}
