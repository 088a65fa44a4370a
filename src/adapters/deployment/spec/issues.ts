/** What is wrong with a spec: all of it at once, each with the member it is about. */
import type * as z from "zod";
import type { ValidationIssue } from "#protocols/dispatch-deployment";
import { clipBytes } from "../../../support/clip.ts";
import { escapeUnseen } from "../../../support/unseen.ts";

/** A spec with more is not a spec with mistakes. */
const MAX_ISSUES = 100;
const MAX_FIELD_BYTES = 300;
const MAX_MESSAGE_BYTES = 2_000;

export class Issues {
  readonly list: ValidationIssue[] = [];

  /**
   * `field` is a path such as `workload.execution.instructions[0].kind`; empty for the whole spec. It and the message may hold
   * text of the spec, and the host prints both unchanged.
   */
  add(path: string, code: string, said: string): void {
    const field = shown(path, MAX_FIELD_BYTES);
    const message = shown(said, MAX_MESSAGE_BYTES);
    if (
      this.list.length >= MAX_ISSUES ||
      this.list.some((one) => (one.field ?? "") === field && one.message === message)
    )
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

/** Foreign text with what is not seen as escapes: what moves a cursor, and line breaks. */
function shown(text: string, maxBytes: number): string {
  return clipBytes(escapeUnseen(clipBytes(text.toWellFormed(), maxBytes)), maxBytes);
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
