/** What the tools return in `structuredContent`: constants, because they are listed before any schema library is needed. */

const text = { type: "string" };
const object = (properties: object, required: readonly string[]) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const list = (items: object) => ({ type: "array", items });

const RESOURCE = { type: "string", description: "Address of its content, as a resource of this server." };
const NEXT = { type: "string", description: "What to do next." };

export const AGENTS_OUTPUT = object(
  { agents: list(object({ name: text, description: text }, ["name", "description"])), next: NEXT },
  ["agents", "next"],
);

export const RUN_OUTPUT = object(
  {
    run_id: { type: "string", description: "Names the run in further calls." },
    status: {
      type: "string",
      enum: [
        "starting",
        "queued",
        "running",
        "awaiting_approval",
        "completed",
        "failed",
        "cancelled",
        "timed_out",
        "blocked",
      ],
    },
    cursor: { type: "integer", minimum: 0, description: "For the next look, to see only what is new." },
    text: { type: "string", description: "What the agent has said since the cursor of the call." },
    answer: { type: "string", description: "The whole answer, once the run has ended." },
    truncated: { type: "boolean", description: "Text or answer was too long and is cut." },
    error: text,
    approvals: list(object({ id: text, tool: text, reason: text }, ["id", "tool"])),
    artifacts: list(
      object(
        {
          id: text,
          kind: text,
          title: text,
          mime_type: text,
          size_bytes: { type: "integer", minimum: 0 },
          uri: RESOURCE,
        },
        ["id", "kind"],
      ),
    ),
    usage: object(
      {
        input_tokens: { type: "integer", minimum: 0 },
        output_tokens: { type: "integer", minimum: 0 },
        compute_usd: text,
        inference_usd: text,
      },
      ["input_tokens", "output_tokens"],
    ),
    conversation: {
      type: "string",
      description:
        "For seren_dispatch, once the run has ended, to go on with this agent, which remembers what was said.",
    },
    url: { type: "string", description: "Page of the run, for people." },
    next: NEXT,
  },
  ["run_id", "status", "cursor", "text", "next"],
);
