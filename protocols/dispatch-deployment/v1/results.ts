/**
 * Plugin → host: the results, and what an error carries. Strict: all we can emit is declared here, which is less than the
 * protocol has. Lists and booleans are never null, or the host rejects the line.
 * Source: Dispatch 0.4, `crates/dispatch-deployment-protocol/src/lib.rs`, `PluginResponse`.
 */
import * as z from "zod";
import { DEPLOYMENT_PROTOCOL_VERSION } from "./methods.ts";

const CapabilitiesSchema = z.strictObject({
  deployment_plugin_id: z.string(),
  protocol_version: z.literal(DEPLOYMENT_PROTOCOL_VERSION),
  supports_test_run: z.boolean(),
  supports_revisions: z.boolean(),
  supports_rollback: z.boolean(),
  supports_scheduled: z.boolean(),
  runtime_targets: z.array(
    z.strictObject({
      kind: z.literal("native"),
      target_triple: z.string(),
      os: z.string(),
      arch: z.string(),
      libc: z.string().optional(),
      preferred: z.boolean().optional(),
    }),
  ),
  extensions: z.record(z.string(), z.json()),
});
export type Capabilities = z.output<typeof CapabilitiesSchema>;

/** `field` is absent where the whole spec is meant; the host then prints `<root>`. */
const IssueSchema = z.strictObject({ field: z.string().optional(), code: z.string(), message: z.string() });
export type ValidationIssue = z.output<typeof IssueSchema>;

/** Present members only: the host prints `detail` with `--json`. */
const DetailSchema = z.record(z.string(), z.json());

const DeploymentSchema = z.strictObject({
  deployment_id: z.string().min(1),
  status: z.string().min(1),
  detail: DetailSchema,
});
export type DeploymentReply = z.output<typeof DeploymentSchema>;

export const DeploymentResultSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("capabilities"), capabilities: CapabilitiesSchema }),
  z.strictObject({
    kind: z.literal("configured"),
    configuration: z.strictObject({ deployment_plugin_id: z.string(), extensions: z.record(z.string(), z.json()) }),
  }),
  z.strictObject({
    kind: z.literal("health"),
    health: z.strictObject({ reachable: z.boolean(), message: z.string().optional() }),
  }),
  // A spec that is not valid comes with at least one issue.
  z.strictObject({
    kind: z.literal("validation"),
    result: z
      .strictObject({ ok: z.boolean(), issues: z.array(IssueSchema) })
      .refine(({ ok, issues }) => ok === (issues.length === 0), "issues belong to a spec that is not valid"),
  }),
  z.strictObject({ kind: z.literal("deployment"), deployment: DeploymentSchema }),
  z.strictObject({ kind: z.literal("deployment_detail"), deployment: DeploymentSchema }),
  z.strictObject({ kind: z.literal("deployment_list"), deployments: z.array(DeploymentSchema) }),
  z.strictObject({ kind: z.literal("ok") }),
]);
export type DeploymentResult = z.output<typeof DeploymentResultSchema>;

/** `error.data`. Without it the host makes up a code from the number; `details` is shown with `--json`. */
export const DeploymentErrorDataSchema = z.strictObject({
  dispatch_error: z.strictObject({
    code: z.string().min(1),
    // One printable line: the host prints it raw.
    message: z.string().regex(/^\P{Cc}+$/u),
    details: z.record(z.string(), z.json()).optional(),
  }),
});
