/**
 * The tools a model is offered, in the same words by every host that has tools: names, descriptions and input schemas. The
 * schemas are constants without `$ref`, because some clients drop a tool that has one, and because they are listed before
 * any schema library is loaded; a test holds them against the schemas in `arguments.ts`.
 */

/** How the tools of one host differ. */
export interface ToolSetting {
  /** When the runs of this process are cancelled, after "The run is cancelled when". */
  endsWhen: string;
  /** Whether a call may wait. A host that runs one tool at a time must not let one wait. */
  waits: boolean;
}

/** In the order in which every host lists them. */
export const TOOL_NAMES = ["seren_agents", "seren_dispatch", "seren_run_status", "seren_run_cancel"] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export interface ToolDefinition {
  name: ToolName;
  /** For people. */
  title: string;
  description: string;
  inputSchema: InputSchema;
}

interface InputSchema {
  type: "object";
  properties: Readonly<Record<string, object>>;
  required?: readonly string[];
  additionalProperties: false;
}

/** Longest wait of a call: the shortest limit that clients have for one is 60 seconds. */
export const MAX_WAIT_SECONDS = 45;

const RUN_ID = { type: "string", minLength: 1, description: "The id seren_dispatch returned." };
const WAIT = { type: "integer", minimum: 0, maximum: MAX_WAIT_SECONDS };

const input = (properties: InputSchema["properties"], required?: readonly string[]): InputSchema => ({
  type: "object",
  properties,
  ...(required ? { required } : {}),
  additionalProperties: false,
});

/** Returns the tools in the order in which every host lists them. None of them can approve anything. */
export function modelTools({ endsWhen, waits }: ToolSetting): readonly ToolDefinition[] {
  return [
    {
      name: "seren_agents",
      title: "Seren agents",
      description:
        "Lists the remote agents on Seren Cloud that seren_dispatch can start. Only needed to choose another than the general one.",
      inputSchema: input({}),
    },
    {
      name: "seren_dispatch",
      title: "Start a run on Seren Cloud",
      description:
        `Starts a remote agent on Seren Cloud and returns the id of its run ${waits ? "at once, or after at most wait_seconds" : "without waiting for it"}. ` +
        "The agent works on its own machine, does not see this workspace and costs money. Its answer comes from seren_run_status. " +
        `The run is cancelled when ${endsWhen}.`,
      inputSchema: input(
        {
          prompt: {
            type: "string",
            minLength: 1,
            description:
              "The whole task. The agent knows nothing of this conversation and sees no local file: put in what it needs.",
          },
          agent: {
            type: "string",
            minLength: 1,
            description: "Which agent, by a name from seren_agents. Default: the general agent.",
          },
          deployment_id: {
            type: "string",
            minLength: 1,
            description: "The id of a deployment on Seren Cloud, instead of an agent. Only if the user names one.",
          },
          conversation: {
            type: "string",
            minLength: 1,
            description:
              "Goes on with an agent instead of starting another: the conversation that an earlier run named. Neither agent nor deployment_id with it.",
          },
          inputs: { type: "object", description: "Further values for the agent." },
          timeout_seconds: {
            type: "integer",
            minimum: 1,
            maximum: 86400,
            description: "The run is cancelled after this many seconds. Default: 1800.",
          },
          ...(waits
            ? { wait_seconds: { ...WAIT, description: "Wait so long for the answer of a short run. Default: 0." } }
            : {}),
        },
        ["prompt"],
      ),
    },
    {
      name: "seren_run_status",
      title: "Look at a run",
      description:
        "Says how a run on Seren Cloud is doing: its state, what is new since the cursor, and the answer once it has ended. " +
        (waits
          ? "Waits at most wait_seconds, and returns as soon as the run has ended or a person has to decide; once that was said, it waits for the decision. Do other work between two looks."
          : "Does not wait: do other work between two looks."),
      inputSchema: input(
        {
          run_id: RUN_ID,
          cursor: {
            type: "integer",
            minimum: 0,
            description: "The cursor of the previous answer, to see only what is new.",
          },
          ...(waits ? { wait_seconds: { ...WAIT, description: "Wait so long for the end. Default: 0." } } : {}),
        },
        ["run_id"],
      ),
    },
    {
      name: "seren_run_cancel",
      title: "Cancel a run",
      description: "Cancels a run on Seren Cloud. Answers at once; seren_run_status says when the run has stopped.",
      inputSchema: input({ run_id: RUN_ID }, ["run_id"]),
    },
  ];
}
