/**
 * The input of a task. The host does not validate it against the schema of `tasks/spec`, so a wrong or misspelt member is
 * refused by name here and not ignored.
 */
import * as z from "zod";
import type { TaskSpec } from "#protocols/roder-extension";
import { DEFAULT_TIMEOUT_MS, MODEL_ID } from "../../../core/index.ts";
import {
  AgentNameSchema,
  atOnePlace,
  ConversationSchema,
  MAX_TIMEOUT_SECONDS,
  ModelSchema,
  PromptSchema,
  RunIdSchema,
  TimeoutSecondsSchema,
} from "../../../model-tools/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { describeIssues } from "../../../support/zod.ts";
import { isBelow } from "./save-folder.ts";

const DEFAULT_TIMEOUT_SECONDS = DEFAULT_TIMEOUT_MS / 1000;

/** File systems allow 255 bytes a name, and some no more than this in all. */
const MAX_FOLDER_CHARACTERS = 1_000;

const TaskInputSchema = z
  .strictObject({
    prompt: PromptSchema.optional(),
    run_id: RunIdSchema.optional(),
    agent: AgentNameSchema.optional(),
    deployment_id: AgentNameSchema.optional(),
    conversation: ConversationSchema.optional(),
    model: ModelSchema.optional(),
    inputs: z.json().optional(),
    timeout_seconds: TimeoutSecondsSchema.default(DEFAULT_TIMEOUT_SECONDS),
    wait: z.boolean().default(true),
    save_artifacts: z
      .string()
      .min(1)
      .max(MAX_FOLDER_CHARACTERS)
      .refine(isBelow, 'a folder of the workspace is needed, as a path from there without ".."')
      .optional(),
  })
  .superRefine((input, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    const extra = (["prompt", "agent", "deployment_id", "conversation", "model", "inputs"] as const).filter(
      (name) => input[name] !== undefined,
    );
    if (input.save_artifacts !== undefined && !input.wait)
      refuse("save_artifacts needs wait: true: the files of a run are there when it has ended");
    if (input.run_id === undefined) {
      if (input.prompt === undefined)
        refuse("prompt or run_id is needed: a prompt starts a run, a run_id attaches to one");
      atOnePlace(input, context);
      return;
    }
    if (extra.length > 0) refuse(`run_id attaches to a run that has its own ${extra.join(", ")}: leave that out`);
    if (!input.wait) refuse("wait: false has no meaning with run_id: there is nothing to start");
  });

/** Exactly one of `prompt` and `run_id` is set; `timeout_seconds` and `wait` have their defaults. */
export type TaskInput = z.output<typeof TaskInputSchema>;

/** Throws an `invalid_input` failure that names what is wrong. A plain string is a prompt. */
export function parseTaskInput(input: unknown): TaskInput {
  if (typeof input !== "string" && (typeof input !== "object" || input === null || Array.isArray(input))) {
    const got =
      input === null || input === undefined ? "nothing" : Array.isArray(input) ? "a list" : `a ${typeof input}`;
    throw new ExecutionFailure(
      "invalid_input",
      `input: an object with a prompt or a run_id is needed, ${got} was given`,
    );
  }
  const parsed = TaskInputSchema.safeParse(typeof input === "string" ? { prompt: input } : input);
  if (!parsed.success) throw new ExecutionFailure("invalid_input", `input: ${describeIssues(parsed.error)}`);
  return parsed.data;
}

/** The description that clients get from `tasks/spec`. */
export const TASK_SPEC: TaskSpec = {
  kind: "seren-cloud-run",
  description:
    "Runs a prompt on Seren Cloud, or attaches to a run there: the answer goes to stdout, progress to the log. " +
    "The remote agent does not see the local workspace.",
  input_schema: {
    type: "object",
    properties: {
      prompt: { type: "string", minLength: 1, description: "Starts a run with this prompt." },
      run_id: { type: "string", format: "uuid", description: "Attaches to this run instead of starting one." },
      agent: { type: "string", minLength: 1, description: "One of the agents listed by agents/list." },
      deployment_id: { type: "string", minLength: 1, description: "A deployment on Seren Cloud, instead of an agent." },
      conversation: {
        type: "string",
        minLength: 1,
        description: "Goes on with the conversation that an earlier result names, with the agent it was with.",
      },
      model: {
        type: "string",
        pattern: MODEL_ID.source,
        description: "The model of the general agent, e.g. anthropic/claude-sonnet-4.6.",
      },
      inputs: { description: "Further values for the agent: any JSON." },
      timeout_seconds: {
        type: "integer",
        minimum: 1,
        maximum: MAX_TIMEOUT_SECONDS,
        default: DEFAULT_TIMEOUT_SECONDS,
        description: "The run is cancelled after this many seconds.",
      },
      wait: {
        type: "boolean",
        default: true,
        description: "false: end as soon as the run has started and leave it running.",
      },
      save_artifacts: {
        type: "string",
        minLength: 1,
        maxLength: MAX_FOLDER_CHARACTERS,
        description:
          "A folder of the workspace, as a path from there: the files that the run leaves are saved in a folder of its own in it.",
      },
    },
    oneOf: [{ required: ["prompt"] }, { required: ["run_id"] }],
    additionalProperties: false,
  },
  default_timeout_seconds: DEFAULT_TIMEOUT_SECONDS,
  metadata: { processHosted: true },
};
