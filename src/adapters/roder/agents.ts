/** The agents this extension offers and how a request names one. */
import { type SubagentDefinition, SubagentDefinitionSchema } from "#protocols/roder-extension";
import { ExecutionFailure } from "../../support/failure.ts";
import type { AgentChoice, RoderOptions } from "./options.ts";
import { DEFAULT_RESULT_CHARS } from "./subagents/subagent-result.ts";

/** Offered whether or not the account's own deployments are known. */
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
  const chosen = name == null ? definitions[0] : definitions.find((definition) => definition.agent_type === name);
  if (chosen) return chosen;
  const names = definitions.slice(0, MAX_NAMES_SHOWN).map((definition) => definition.agent_type);
  throw new ExecutionFailure(
    "invalid_input",
    `unknown ${noun} ${JSON.stringify(name?.slice(0, 80))}; known are ${names.join(", ")}`,
  );
}

/** Returns where a task or tool call wants its run. A named agent is checked here, a deployment by the service. */
export function agentChoice(
  options: RoderOptions,
  wanted: { agent?: string | undefined; deployment_id?: string | undefined },
): AgentChoice {
  if (wanted.deployment_id !== undefined) return { deploymentId: wanted.deployment_id };
  return { agent: chooseAgent(readableDefinitions(options), wanted.agent, "agent").agent_type };
}
