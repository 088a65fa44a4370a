/** What every user of zod needs. */
import type * as z from "zod";

/**
 * For `safeParse`. Without it zod compiles a checker at a schema's first use, which costs 1 to 5 ms each, in the middle of
 * a turn; what it saves, two microseconds a value, is made up for after thousands of them.
 */
export const JITLESS = { jitless: true } as const;

/** Returns the first few problems on one line, each with its path. */
export function describeIssues(error: z.ZodError): string {
  const shown = error.issues.slice(0, 3).map((issue) => {
    const path = issue.path.join(".");
    return path ? `${path}: ${issue.message}` : issue.message;
  });
  const more = error.issues.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
