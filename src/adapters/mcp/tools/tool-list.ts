/** `tools/list`: the model's tools with what this protocol adds, as far as the client's revision knows it. */
import { modelTools, type ToolName } from "../../../model-tools/index.ts";
import { type Caller, knows } from "../calls/callers.ts";
import { AGENTS_OUTPUT, RUN_OUTPUT } from "./output-schemas.ts";

const TOOLS = modelTools({ endsWhen: "this server ends", waits: true });

const hints = (readOnlyHint: boolean, destructiveHint: boolean, idempotentHint: boolean, openWorldHint: boolean) => ({
  readOnlyHint,
  destructiveHint,
  idempotentHint,
  openWorldHint,
});

/** Starting is destructive and open, so that clients ask the user; so is what an agent says, which a stranger has written. */
const ANNOTATIONS = {
  seren_agents: hints(true, false, true, false),
  seren_dispatch: hints(false, true, false, true),
  seren_run_status: hints(true, false, true, true),
  seren_run_cancel: hints(false, true, true, true),
} satisfies Record<ToolName, object>;

/** The same list for every client of a revision, in a fixed order. */
export function toolList(caller: Caller): object[] {
  const hasTasks = caller.era === "handshake" && caller.revision >= "2025-11-25";
  return TOOLS.map(({ name, title, description, inputSchema }) => ({
    name,
    ...(knows(caller, "2025-06-18") ? { title } : {}),
    description,
    inputSchema,
    ...(knows(caller, "2025-06-18") ? { outputSchema: name === "seren_agents" ? AGENTS_OUTPUT : RUN_OUTPUT } : {}),
    ...(knows(caller, "2025-03-26") ? { annotations: ANNOTATIONS[name] } : {}),
    ...(hasTasks && name === "seren_dispatch" ? { execution: { taskSupport: "optional" } } : {}),
  }));
}
