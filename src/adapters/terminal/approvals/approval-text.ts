/** The text of a request for approval. It is complete, because what is approved must have been visible. */
import type { ApprovalRequest } from "../../../core/index.ts";
import { escapeInvisible } from "../screen/text.ts";

/** Returns lines without colours. Invisible characters are written as their code points; nothing is cut. */
export function approvalLines({ tool, reason, args }: ApprovalRequest): string[] {
  const json = JSON.stringify(args, null, 2) ?? "null";
  const lines = [`tool    ${escapeInvisible(tool)}`];
  if (reason) lines.push(`reason  ${escapeInvisible(reason).replaceAll("\n", "\n        ")}`);
  lines.push(
    ...json.split("\n").map((line, index) => `${index === 0 ? "args    " : "        "}${escapeInvisible(line)}`),
  );
  return lines;
}
