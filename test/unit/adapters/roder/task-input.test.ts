import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { TaskSpecSchema } from "#protocols/roder-extension";
import { parseTaskInput, TASK_SPEC } from "../../../../src/adapters/roder/tasks/task-input.ts";
import { RUN } from "./remote.ts";

const DEFAULTS = { timeout_seconds: 1800, wait: true };

const ACCEPTED: [unknown, object][] = [
  [{ prompt: "p" }, { prompt: "p", ...DEFAULTS }],
  [{ run_id: RUN.runId }, { run_id: RUN.runId, ...DEFAULTS }],
  [
    { prompt: "p", agent: "seren-coder", inputs: { a: [1] }, timeout_seconds: 60, wait: false },
    { prompt: "p", agent: "seren-coder", inputs: { a: [1] }, timeout_seconds: 60, wait: false },
  ],
  [
    { prompt: "p", deployment_id: "d", inputs: "text" },
    { prompt: "p", deployment_id: "d", inputs: "text", ...DEFAULTS },
  ],
  [
    { prompt: "p", conversation: "talk 1" },
    { prompt: "p", conversation: "talk 1", ...DEFAULTS },
  ],
  [
    { prompt: "p", model: "anthropic/claude-sonnet-4.6" },
    { prompt: "p", model: "anthropic/claude-sonnet-4.6", ...DEFAULTS },
  ],
  [
    { prompt: "p", save_artifacts: "./out/files" },
    { prompt: "p", save_artifacts: "./out/files", ...DEFAULTS },
  ],
  [
    { prompt: "p", inputs: null },
    { prompt: "p", inputs: null, ...DEFAULTS },
  ],
];

test.each([["bare", { prompt: "bare", ...DEFAULTS }], ...ACCEPTED])("%j is accepted", (input, expected) => {
  expect(parseTaskInput(input)).toEqual(expected);
});

const REFUSED: [unknown, string][] = [
  [null, "input: an object with a prompt or a run_id is needed, nothing was given"],
  [undefined, "input: an object with a prompt or a run_id is needed, nothing was given"],
  [[], "input: an object with a prompt or a run_id is needed, a list was given"],
  [["p"], "input: an object with a prompt or a run_id is needed, a list was given"],
  [7, "input: an object with a prompt or a run_id is needed, a number was given"],
  [true, "input: an object with a prompt or a run_id is needed, a boolean was given"],
  ["", "input: prompt: must not be empty"],
  ["  \n", "input: prompt: must not be empty"],
  [{}, "input: prompt or run_id is needed: a prompt starts a run, a run_id attaches to one"],
  [{ prompt: null }, "input: prompt: Invalid input: expected string, received null"],
  [{ prompt: "p", run_id: RUN.runId }, "input: run_id attaches to a run that has its own prompt: leave that out"],
  [
    { run_id: RUN.runId, inputs: {}, agent: "a" },
    "input: run_id attaches to a run that has its own agent, inputs: leave that out",
  ],
  [{ run_id: RUN.runId, wait: false }, "input: wait: false has no meaning with run_id: there is nothing to start"],
  [{ run_id: "../deployments" }, "input: run_id: is not the id of a run, which is five groups of hexadecimal digits"],
  [{ prompt: "p", agent: "a", deployment_id: "d" }, "input: agent and deployment_id exclude each other"],
  [{ prompt: "p", agent: "a", conversation: "c", model: "m" }, "agent and conversation and model exclude each other"],
  [{ run_id: RUN.runId, conversation: "c" }, "input: run_id attaches to a run that has its own conversation"],
  [{ prompt: "p", model: "two words" }, "input: model: is not the id of a model"],
  [{ prompt: "p", conversation: "" }, "input: conversation: "],
  [{ promt: "typo" }, 'input: Unrecognized key: "promt"'],
  [{ prompt: "p", wait: "no" }, "input: wait: Invalid input: expected boolean, received string"],
  [{ prompt: "p", timeout_seconds: 0 }, "input: timeout_seconds: Too small: expected number to be >=1"],
  [{ prompt: "p", timeout_seconds: 1.5 }, "input: timeout_seconds: Invalid input: expected int, received number"],
  [{ prompt: "p", timeout_seconds: 86_401 }, "input: timeout_seconds: Too big: expected number to be <=86400"],
  [{ prompt: "p", timeout_seconds: 1e19 }, "input: timeout_seconds: "],
  [{ prompt: "p", agent: "" }, "input: agent: "],
  [{ prompt: "p", save_artifacts: "" }, "input: save_artifacts: "],
  [{ prompt: "p", save_artifacts: "a/../b" }, "input: save_artifacts: a folder of the workspace is needed"],
  [{ prompt: "p", save_artifacts: "a", wait: false }, "input: save_artifacts needs wait: true"],
];

test.each(REFUSED)("%j is refused by name", (input, message) => {
  expect(() => parseTaskInput(input)).toThrow(message);
});

describe("the published schema", () => {
  const ajv = new Ajv({ allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(TASK_SPEC.input_schema);

  test.each(ACCEPTED)("accepts %j as well", (input) => {
    expect(validate(input), JSON.stringify(validate.errors)).toBe(true);
  });

  // Which members exclude each other, and blank prompts, are told by the program alone.
  const ONLY_OURS = /exclude each other|has its own|has no meaning|must not be empty|of the workspace|needs wait/;
  test.each(REFUSED.filter(([input, message]) => input !== undefined && !ONLY_OURS.test(message)))(
    "refuses %j as well",
    (input) => {
      expect(validate(input)).toBe(false);
    },
  );

  test("C5: the host can read the spec", () => {
    expect(TaskSpecSchema.safeParse(JSON.parse(JSON.stringify(TASK_SPEC))).error?.issues ?? []).toEqual([]);
  });
});
