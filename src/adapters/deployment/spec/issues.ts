/** What is wrong with a spec: all of it at once, each with the member it is about. */
import type * as z from "zod";
import type { ValidationIssue } from "#protocols/dispatch-deployment";

/** A spec with more is not a spec with mistakes. */
const MAX_ISSUES = 100;

export class Issues {
  readonly list: ValidationIssue[] = [];

  /** `field` is a path such as `workload.execution.instructions[0].kind`; empty for the whole spec. */
  add(field: string, code: string, message: string): void {
    if (this.list.length >= MAX_ISSUES || this.list.some((one) => one.field === field && one.message === message))
      return;
    this.list.push({ ...(field === "" ? {} : { field }), code, message });
  }

  addAll(error: z.ZodError, below = ""): void {
    for (const issue of error.issues) {
      const field = join(below, issue.path);
      if (issue.code === "unrecognized_keys") {
        for (const key of issue.keys)
          this.add(join(field, [key]), "unknown_member", "is not known; check the spelling");
      } else this.add(field, issue.input === undefined && isMissing(issue) ? "required" : issue.code, issue.message);
    }
  }
}

/** Joins a path as a person would write it. */
function join(below: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((field, step) => {
    if (typeof step === "number") return `${field}[${step}]`;
    return field === "" ? String(step) : `${field}.${String(step)}`;
  }, below);
}

/** zod reports a missing member as one of the wrong type. */
function isMissing({ message }: { message: string }): boolean {
  return message.endsWith("received undefined");
}
