/** The agents this extension offers and how a request names one. */
import { type SubagentDefinition, SubagentDefinitionSchema } from "#protocols/roder-extension";
import {
  type AgentChoice,
  agentChoice as choose,
  chooseAgentName,
  GENERAL_AGENT as GENERAL,
} from "../../model-tools/index.ts";
import type { RoderOptions } from "./options.ts";
import { DEFAULT_RESULT_CHARS } from "./subagents/subagent-result.ts";

/** Offered whether or not the account's own deployments are known. */
export const GENERAL_AGENT: SubagentDefinition = {
  agent_type: GENERAL.name,
  description: GENERAL.description,
  tools: [],
  permission_mode: "default",
  model: null,
  system_prompt: null,
  max_turns: null,
  max_result_chars: DEFAULT_RESULT_CHARS,
};

/** Returns the definitions the host can read: one that it cannot read would make it discard the whole list. */
export function readableDefinitions({
  definitions,
  log,
}: Pick<RoderOptions, "definitions" | "log">): SubagentDefinition[] {
  const readable = definitions().filter((definition) => {
    const fits = SubagentDefinitionSchema.safeParse(definition).success;
    if (!fits) log("warn", "an agent was left out of the definitions because the host could not read it");
    return fits;
  });
  return readable.length > 0 ? readable : [GENERAL_AGENT];
}

/** Returns the named agent, or the first one when none is named. `noun` is what the host calls it, for the error. */
export function chooseAgent(
  definitions: readonly SubagentDefinition[],
  name: string | null | undefined,
  noun: "agent" | "subagent type",
): SubagentDefinition {
  const names = definitions.map((definition) => definition.agent_type);
  const chosen = chooseAgentName(names, name, noun);
  return definitions.find((definition) => definition.agent_type === chosen) ?? GENERAL_AGENT;
}

/** Returns where a task or tool call wants its run. */
export function agentChoice(options: RoderOptions, wanted: Parameters<typeof choose>[0]): AgentChoice {
  return choose(wanted, () => readableDefinitions(options).map(({ agent_type }) => agent_type));
}
