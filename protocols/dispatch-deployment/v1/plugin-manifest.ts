/**
 * `deployment-plugin.json`. Strict, because we write it. The host compares the name literally before it attaches extensions
 * and channels. Source: Dispatch 0.4, `crates/dispatch-core/src/deployment_plugins.rs`.
 */
import * as z from "zod";
import { DEPLOYMENT_PROTOCOL_VERSION } from "./methods.ts";

export const DeploymentPluginManifestSchema = z.strictObject({
  kind: z.literal("deployment"),
  name: z.literal("seren-cloud"),
  version: z.string().regex(/\S/),
  protocol_version: z.literal(DEPLOYMENT_PROTOCOL_VERSION),
  transport: z.literal("jsonl"),
  description: z.string(),
  exec: z.strictObject({
    // A bare name is refused by the host.
    command: z.string().regex(/^\.\/./, "must begin with ./"),
    args: z.array(z.string()),
  }),
});
