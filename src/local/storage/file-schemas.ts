/** Contents of the files of a state folder. A file that does not fit is left alone and not used. */
import * as z from "zod";
import { DeployBodySchema } from "../model/deploy-schema.ts";

const Time = z.number();

export const DeploymentFileSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  body: DeployBodySchema,
  created_at: Time,
  ready_at: Time,
  updated_at: Time,
  code_hash: z.string(),
  build_error: z.string().optional(),
  stopped: z.boolean(),
  deleted: z.boolean(),
});
export type DeploymentFile = z.input<typeof DeploymentFileSchema>;

export const BundleFileSchema = z.object({
  v: z.literal(1),
  id: z.string(),
  sha256: z.string(),
  size_bytes: z.number(),
  created_at: Time,
  uploaded_at: Time,
});
export type BundleFile = z.input<typeof BundleFileSchema>;

/** The first line of a run's file. */
export const RunHeadSchema = z.object({
  v: z.literal(1),
  run: z.object({
    id: z.string(),
    deployment_id: z.string(),
    payload: z.record(z.string(), z.unknown()),
    created_at: Time,
    source: z.enum(["api", "scheduler"]).optional(),
  }),
});
export type RunHead = z.input<typeof RunHeadSchema>;

/** Any other line of a run's file: an event, a status or an artifact. */
export const RunFileLineSchema = z.union([
  z.object({ sequence: z.number(), at: Time, event: z.record(z.string(), z.unknown()) }),
  z.object({
    status: z.string(),
    at: Time,
    message: z.string().optional(),
    started_at: Time.optional(),
    stop_reason: z.string().optional(),
    output: z.string().optional(),
    usage: z.object({
      input_tokens: z.number().optional(),
      output_tokens: z.number().optional(),
      compute_usd: z.string().optional(),
      inference_usd: z.string().optional(),
    }),
  }),
  z.object({
    artifact: z.object({
      id: z.string(),
      at: Time,
      type: z.string(),
      title: z.string().nullable(),
      url: z.string().nullable(),
      payload: z.unknown(),
    }),
  }),
]);
export type RunFileLine = z.input<typeof RunFileLineSchema>;
