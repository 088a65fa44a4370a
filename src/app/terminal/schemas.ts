/** The JSON Schemas of what people and their programs write or read, for `schema`. */
import * as z from "zod";
import { TASK_SPEC } from "../../adapters/roder/index.ts";
import { BatchResultSchema, RunOutputLineSchema, type SchemaName } from "../../adapters/terminal/index.ts";
import { settingsJsonSchema } from "../../settings/index.ts";

const SCHEMAS: Readonly<Record<SchemaName, () => object>> = {
  config: settingsJsonSchema,
  run: () => z.toJSONSchema(RunOutputLineSchema),
  batch: () => z.toJSONSchema(BatchResultSchema),
  "task-input": () => TASK_SPEC.input_schema,
};

export function schemaOf(name: SchemaName): object {
  return SCHEMAS[name]();
}
