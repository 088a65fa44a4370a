import { expect, test } from "vitest";
import { withAdvice } from "../../../../src/core/host/command-hints.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";

test("a hint becomes the command that helps; without one the message stays as it is", () => {
  expect(withAdvice({ message: "it was lost", hint: "list_runs" })).toBe("it was lost; see `seren-bridge runs list`");
  expect(withAdvice({ message: "it was cut", hint: "show_run" })).toBe("it was cut; see `seren-bridge runs show`");
  const failure = new ExecutionFailure("conflict", "the build failed", { details: { hint: "prune_deployments" } });
  expect(withAdvice(failure)).toBe("the build failed; delete it with `seren-bridge deployments prune` and try again");
  expect(withAdvice({ message: "no" })).toBe("no");
  expect(withAdvice(new ExecutionFailure("conflict", "no"))).toBe("no");
});
