/** The agents on offer and how a request names one. */
import { type SubagentDefinition, SubagentDefinitionSchema } from "#protocols/roder-extension";
import { ExecutionFailure } from "../../support/failure.ts";
import type { RoderOptions } from "./options.ts";
import { DEFAULT_RESULT_CHARS } from "./subagents/subagent-result.ts";

/** Always there, whatever is known of the account's own deployments. */
export const GENERAL_AGENT: SubagentDefinition = {
  agent_type: "seren-agent",
  description: "A general agent on Seren Cloud. Works on its own machine and does not see the local workspace.",
  tools: [],
  permission_mode: "default",
  model: null,
  system_prompt: null,
  max_turns: null,
  max_result_chars: DEFAULT_RESULT_CHARS,
};

const MAX_NAMES_SHOWN = 20;

/** The definitions the host can read. One it cannot read would cost it the whole list, for the whole session. */
export function readableDefinitions({
  definitions,
  log,
}: Pick<RoderOptions, "definitions" | "log">): SubagentDefinition[] {
  const readable = definitions().filter((definition) => {
    const fits = SubagentDefinitionSchema.safeParse(definition).success;
    if (!fits) log("warn", "an agent is left out of the definitions: the host could not read it");
    return fits;
  });
  return readable.length > 0 ? readable : [GENERAL_AGENT];
}

/** The named agent, or the first one when none is named. `what` is the host's word for it, for the error. */
export function chooseAgent(
  definitions: readonly SubagentDefinition[],
  name: string | null | undefined,
  what: string,
): SubagentDefinition {
  const chosen = name == null ? definitions[0] : definitions.find((definition) => definition.agent_type === name);
  if (chosen) return chosen;
  const names = definitions.slice(0, MAX_NAMES_SHOWN).map((definition) => definition.agent_type);
  throw new ExecutionFailure(
    "invalid_input",
    `unknown ${what} ${JSON.stringify(name?.slice(0, 80))}; known are ${names.join(", ")}`,
  );
}
