import { expect, test } from "vitest";
import { requireEntrypoint } from "../../../src/parcel/index.ts";
import { failureOf } from "./parcels.ts";

const TURNS = ["chat", "job", "heartbeat"] as const;

test("a turn must be of the declared kind", async () => {
  for (const declared of TURNS) {
    for (const turn of TURNS) {
      if (turn === declared) requireEntrypoint(declared, turn);
      else expect((await failureOf(() => requireEntrypoint(declared, turn))).kind).toBe("invalid_input");
    }
  }
});

test("the refusal says what to do", async () => {
  expect(await failureOf(() => requireEntrypoint("chat", "job"))).toEqual({
    kind: "invalid_input",
    message:
      'this parcel\'s entrypoint is "chat", so it does not take a job. Run it as "chat", or change ENTRYPOINT in its Agentfile and build it again',
  });
  expect((await failureOf(() => requireEntrypoint("", "chat"))).kind).toBe("invalid_input");
});

test("without an entrypoint every turn is allowed; other operations are always allowed", () => {
  for (const turn of TURNS) {
    requireEntrypoint(null, turn);
    requireEntrypoint(undefined, turn);
  }
  for (const look of ["resolve_prompt", "list_local_tools", "invoke_tool"] as const) requireEntrypoint("job", look);
});
