/**
 * A built parcel on disk: `manifest.json` and `parcel.lock`.
 *
 * The manifest is strict at every level, like the host's own schema: the digest covers only known members, so an
 * unknown one would be content that nothing vouches for. Unknown members of the lock are dropped, as the host does.
 * Source: Dispatch 0.4, `schemas/parcel.v1.json`, `crates/dispatch-core/src/manifest.rs`, `build/verify.rs`.
 */
import * as z from "zod";
import { MountSchema } from "./session.ts";
import { A2A_ENDPOINT_MODES, A2aAuthSchema, TOOL_APPROVALS, TOOL_RISKS } from "./tools.ts";

export const PARCEL_SCHEMA_URL = "https://serenorg.github.io/dispatch/schemas/parcel.v1.json";
export const PARCEL_FORMAT_VERSION = 1;

const PARCEL_INSTRUCTION_KINDS = [
  "identity",
  "soul",
  "skill",
  "agents",
  "user",
  "tools",
  "memory",
  "heartbeat",
  "eval",
] as const;

const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");
const NamesSchema = z.array(z.string());
const TextMapSchema = z.record(z.string(), z.string());

/** What is read first: says whether the rest can be understood at all. */
export const ParcelHeaderSchema = z.looseObject({ $schema: z.string(), format_version: z.number() });

const CourierTargetSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("native"), reference: z.string() }),
  z.strictObject({ kind: z.literal("docker"), reference: z.string() }),
  z.strictObject({
    kind: z.literal("wasm"),
    reference: z.string(),
    component: z.strictObject({ packaged_path: z.string(), sha256: Sha256Schema, abi: z.string() }).nullish(),
  }),
  z.strictObject({ kind: z.literal("custom"), reference: z.string() }),
]);

const ParcelInstructionSchema = z.strictObject({
  kind: z.enum(PARCEL_INSTRUCTION_KINDS),
  packaged_path: z.string(),
  sha256: Sha256Schema,
  skill_name: z.string().nullish(),
  allowed_tools: NamesSchema.nullish(),
});

const policy = {
  approval: z.enum(TOOL_APPROVALS).nullish(),
  risk: z.enum(TOOL_RISKS).nullish(),
  description: z.string().nullish(),
};
const InputSchemaRefSchema = z.strictObject({ packaged_path: z.string(), sha256: Sha256Schema });

export const ParcelToolSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("local"),
    alias: z.string(),
    packaged_path: z.string(),
    runner: z.strictObject({ command: z.string(), args: NamesSchema }),
    ...policy,
    input_schema: InputSchemaRefSchema.nullish(),
    skill_source: z.string().nullish(),
  }),
  z.strictObject({ kind: z.literal("builtin"), capability: z.string(), ...policy }),
  z.strictObject({ kind: z.literal("mcp"), server: z.string(), ...policy }),
  z.strictObject({
    kind: z.literal("a2a"),
    alias: z.string(),
    url: z.string(),
    endpoint_mode: z.enum(A2A_ENDPOINT_MODES).nullish(),
    auth: A2aAuthSchema.nullish(),
    expected_agent_name: z.string().nullish(),
    expected_card_sha256: Sha256Schema.nullish(),
    ...policy,
    input_schema: InputSchemaRefSchema.nullish(),
  }),
]);
export type ParcelTool = z.output<typeof ParcelToolSchema>;

const ParcelModelSchema = z.strictObject({
  id: z.string(),
  provider: z.string().nullish(),
  options: TextMapSchema.nullish(),
});
export type ParcelModel = z.output<typeof ParcelModelSchema>;

const ParcelFileSchema = z.strictObject({
  source: z.string(),
  packaged_as: z.string(),
  sha256: Sha256Schema,
  size_bytes: z.int().min(0),
});
export type ParcelFile = z.output<typeof ParcelFileSchema>;

export const ParcelManifestSchema = z.strictObject({
  $schema: z.literal(PARCEL_SCHEMA_URL),
  format_version: z.literal(PARCEL_FORMAT_VERSION),
  digest: Sha256Schema,
  source_agentfile: z.string(),
  courier: CourierTargetSchema,
  framework: z
    .strictObject({ name: z.string(), version: z.string().nullish(), target: z.string().nullish() })
    .nullish(),
  name: z.string().nullish(),
  version: z.string().nullish(),
  entrypoint: z.string().nullish(),
  schedules: NamesSchema,
  listeners: NamesSchema,
  ingress: z
    .strictObject({
      path: z.string().nullish(),
      methods: NamesSchema,
      shared_secret_env: z.string().nullish(),
      max_body_bytes: z.int().min(1).nullish(),
      max_header_bytes: z.int().min(1).nullish(),
    })
    .nullish(),
  instructions: z.array(ParcelInstructionSchema),
  inline_prompts: NamesSchema,
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  secrets: z.array(z.strictObject({ name: z.string(), required: z.boolean() })),
  visibility: z.enum(["open", "opaque"]).nullish(),
  mounts: z.array(MountSchema),
  tools: z.array(ParcelToolSchema),
  tests: z.array(z.strictObject({ kind: z.literal("tool"), tool: z.string() })),
  models: z.strictObject({
    primary: ParcelModelSchema.nullish(),
    fallbacks: z.array(ParcelModelSchema),
    routing: z.string().nullish(),
  }),
  compaction: z.strictObject({ interval: z.string(), overlap: z.int().min(0).nullish() }).nullish(),
  limits: z.array(z.strictObject({ scope: z.string(), value: z.string(), qualifiers: NamesSchema })),
  timeouts: z.array(z.strictObject({ scope: z.string(), duration: z.string(), qualifiers: NamesSchema })),
  network: z.array(z.strictObject({ action: z.string(), target: z.string(), qualifiers: NamesSchema })),
  labels: TextMapSchema,
  files: z.array(ParcelFileSchema),
});
export type ParcelManifest = z.output<typeof ParcelManifestSchema>;

export const ParcelLockSchema = z.object({
  format_version: z.number(),
  digest: z.string(),
  manifest: z.string(),
  context_dir: z.string(),
  files: z.array(ParcelFileSchema),
});
