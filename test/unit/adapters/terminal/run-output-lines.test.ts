import { expect, test } from "vitest";
import { errorLine, eventLine, outcomeLine } from "../../../../src/adapters/terminal/live/run-output-lines.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";

test("a JSON line carries the command that helps, in its message", () => {
  const failure = new ExecutionFailure("unknown_outcome", "it was lost", { details: { hint: "list_runs" } });
  const error = { message: "it was cut", hint: "show_run" } as const;
  expect(errorLine(failure)).toMatchObject({ message: "it was lost; see `seren-bridge runs list`" });
  expect(eventLine({ type: "notice", level: "warning", ...error })).toEqual({
    type: "notice",
    level: "warning",
    message: "it was cut; see `seren-bridge runs show`",
  });
  expect(outcomeLine({ kind: "failed", text: "", artifacts: [], approvals: [], error })).toMatchObject({
    error: { message: "it was cut; see `seren-bridge runs show`" },
  });
});
