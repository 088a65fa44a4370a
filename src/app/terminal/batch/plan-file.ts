/** The file that says what a batch runs: settings on the first line, then a row a line. */
import { dirname } from "node:path";
import * as z from "zod";
import type { BatchPlan } from "../../../adapters/terminal/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { parseJson } from "../../../support/objects.ts";
import { JITLESS } from "../../../support/zod.ts";

const HeadSchema = z.object({
  v: z.literal(1),
  account: z.string(),
  deployment: z.object({ deploymentId: z.string(), named: z.string() }).optional(),
  model: z.string().optional(),
  timeoutMs: z.number(),
  onApproval: z.enum(["wait", "return"]),
  saveTo: z.string().optional(),
});
const RowSchema = z.object({ input: z.record(z.string(), z.unknown()), prompt: z.string() });

export function textOfPlan({ rows, ...settings }: BatchPlan, account: string): string {
  const head: z.output<typeof HeadSchema> = { v: 1, account, ...settings };
  return `${[head, ...rows].map((line) => JSON.stringify(line)).join("\n")}\n`;
}

/** Throws for a file that is not whole, or of another account. */
export function readPlan(text: string, path: string, account: string): BatchPlan {
  const [first = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const head = HeadSchema.safeParse(parseJson(first), JITLESS).data;
  const rows = lines.flatMap((line) => RowSchema.safeParse(parseJson(line), JITLESS).data ?? []);
  if (!head || rows.length < lines.length || rows.length === 0) {
    throw new ExecutionFailure("invalid_input", `${path} is not what seren-bridge has written; begin the batch anew`);
  }
  if (head.account !== account) {
    throw new ExecutionFailure(
      "conflict",
      `the batch was begun with another API key or at another address (${dirname(path)}); use those to go on with it`,
    );
  }
  const { v: _, account: __, ...settings } = head;
  return { ...settings, rows };
}
