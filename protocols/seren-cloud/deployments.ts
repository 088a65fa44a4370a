/**
 * Deployments: what the deployment calls answer.
 * Source: the published OpenAPI document, `CloudDeploymentSummary`. Loose, because the service may add members.
 */
import * as z from "zod";

/** `status` is an open string here: a value this version does not know must not make a deployment unreadable. */
export const DeploymentSummarySchema = z.looseObject({
  id: z.guid(),
  name: z.string(),
  skill_slug: z.string(),
  mode: z.string(),
  status: z.string(),
  error_message: z.string().nullish(),
  model_id: z.string().nullish(),
  visibility: z.string().nullish(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** The response to start, stop and delete. */
export const DeploymentStatusSchema = z.looseObject({ status: z.string() });
