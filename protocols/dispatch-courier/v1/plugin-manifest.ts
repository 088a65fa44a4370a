/**
 * What is installed and published: `courier-plugin.json` and a catalog document. Strict, because we write both.
 * Source: Dispatch 0.4, `crates/dispatch-core/src/plugins.rs`, `crates/dispatch-core/src/catalog.rs`.
 */
import * as z from "zod";
import { COURIER_PROTOCOL_VERSION } from "./methods.ts";

const BUILT_IN_COURIERS = ["native", "docker", "wasm"];
const NonBlankSchema = z.string().regex(/\S/, "must not be blank");

/** Absolute, or relative with at least two components: a bare name is refused by the host. */
function namesAFile(command: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:[/\\])./.test(command) || /^[^/\\]+[/\\]+[^/\\]/.test(command);
}

export const CourierPluginManifestSchema = z.strictObject({
  kind: z.literal("courier").optional(),
  name: NonBlankSchema.refine((name) => !BUILT_IN_COURIERS.includes(name), "the name of a built-in courier"),
  version: NonBlankSchema,
  protocol_version: z.literal(COURIER_PROTOCOL_VERSION),
  transport: z.literal("jsonl"),
  description: z.string().optional(),
  exec: z.strictObject({
    command: z.string().refine(namesAFile, "must be absolute or have at least two components, such as ./x"),
    args: z.array(z.string()).optional(),
  }),
});

const IdentifierSchema = z
  .string()
  .min(1)
  .max(80)
  .regex(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/, "expected a-z 0-9 - _ with single dots inside");

/** What the host asks for on each system; Linux is `gnu` on musl machines, too. */
const RELEASE_TARGETS = [
  "aarch64-apple-darwin",
  "x86_64-apple-darwin",
  "aarch64-unknown-linux-gnu",
  "x86_64-unknown-linux-gnu",
  "aarch64-pc-windows-msvc",
  "x86_64-pc-windows-msvc",
] as const;

const GithubReleaseSchema = z.strictObject({
  type: z.literal("github_release"),
  repo: z.string().regex(/^[^/\s]+\/[^/\s]+$/),
  tag: z.string().min(1),
  base_url: z.url().optional(),
  checksum_asset: z.string().optional(),
  binaries: z.array(
    z.strictObject({
      target: z.enum(RELEASE_TARGETS),
      asset: z.string().min(1),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
      binary_name: z.string().min(1),
    }),
  ),
});

/** `auth` and `requirements` are opaque to the host; their members are a convention of the published catalogs. */
const CatalogEntrySchema = z.strictObject({
  id: IdentifierSchema,
  name: NonBlankSchema,
  kind: z.enum(["channel", "courier", "connector", "provider", "database", "deployment"]),
  version: NonBlankSchema,
  display_name: z.string().optional(),
  description: z.string().optional(),
  protocol: z.string().optional(),
  protocol_version: z.int().optional(),
  source_dir: z.string().optional(),
  manifest_path: z.string().optional(),
  manifest_url: z.url().optional(),
  keywords: z.array(z.string()).optional(),
  tags: z.array(z.string()).optional(),
  install_hint: z.string().optional(),
  source: GithubReleaseSchema.optional(),
  auth: z
    .strictObject({ method: z.string(), provider: z.string().optional(), setup_url: z.url().optional() })
    .optional(),
  requirements: z
    .strictObject({
      secrets: z.array(z.string()).optional(),
      optional_secrets: z.array(z.string()).optional(),
      network_domains: z.array(z.string()).optional(),
      platforms: z.array(z.string()).optional(),
    })
    .optional(),
});

const unique = (values: readonly string[]) => new Set(values).size === values.length;

export const CatalogSchema = z
  .strictObject({
    schema: z.string().optional(),
    catalog_id: IdentifierSchema,
    repository: z.string().optional(),
    generated_at: z.string().optional(),
    entries: z.array(CatalogEntrySchema),
  })
  .refine(
    ({ catalog_id, entries }) => entries.every(({ id }) => id.startsWith(`${catalog_id}.`)),
    "an entry's id must start with the catalog's id and a dot",
  )
  .refine(
    ({ entries }) => unique(entries.map(({ id }) => id)) && unique(entries.map(({ name }) => name)),
    "ids and names must be unique",
  );
