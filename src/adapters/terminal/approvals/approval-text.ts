/** A request for approval, shown whole: whoever allows it has seen all of it. */
import type { ApprovalRequest } from "../../../core/index.ts";
import { escapeInvisible } from "../screen/text.ts";

/** Lines without colours. Unseen characters are written as numbers; nothing is cut. */
export function approvalLines({ tool, reason, args }: ApprovalRequest): string[] {
  const json = JSON.stringify(args, null, 2) ?? "null";
  const lines = [`tool    ${escapeInvisible(tool)}`];
  if (reason) lines.push(`reason  ${escapeInvisible(reason).replaceAll("\n", "\n        ")}`);
  lines.push(
    ...json.split("\n").map((line, index) => `${index === 0 ? "args    " : "        "}${escapeInvisible(line)}`),
  );
  return lines;
}
