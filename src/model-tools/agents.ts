/** The agents that a model can name. */
import { chooseDeployment, generalAgentTarget, type NamedDeployment, type Target } from "../core/index.ts";
import { quotedWord } from "../support/clip.ts";
import { ExecutionFailure } from "../support/failure.ts";

export interface AgentOffer {
  name: string;
  description: string;
}

/** What a request wants to run on: one of these, or with none the default agent. */
export interface AgentChoice {
  /** The name of an agent on offer. */
  agent?: string;
  deploymentId?: string;
  /** Id of a conversation to go on with: where its last run was. */
  conversation?: string;
  /** The general agent, on this model. */
  model?: string;
}

/** Offered whether or not the organization's own deployments are known. */
export const GENERAL_AGENT: AgentOffer = {
  name: "seren-agent",
  description: "A general agent on Seren Cloud. Works on its own machine and does not see the local workspace.",
};

/** How a request names what it runs on. */
interface WantedAgent {
  agent?: string | undefined;
  deployment_id?: string | undefined;
  conversation?: string | undefined;
  model?: string | undefined;
}

/** Returns where a request wants its run. `names`: the agents on offer. Only a named agent is checked here, all else by the service. */
export function agentChoice(wanted: WantedAgent, names: () => readonly string[]): AgentChoice {
  const { agent, deployment_id, conversation, model } = wanted;
  if (deployment_id !== undefined) return { deploymentId: deployment_id };
  if (conversation !== undefined) return { conversation };
  if (model !== undefined) return { model };
  return { agent: chooseAgentName(names(), agent) };
}

/** Returns a few words for what a run goes to, for its name in lists. */
export function choiceWords({ agent, conversation, model }: AgentChoice): string {
  return agent ?? model ?? (conversation === undefined ? "deployment" : "conversation");
}

const MAX_NAMES_SHOWN = 20;

/** Returns the name that was asked for, or that of the first agent. `noun` is what the host calls it, for the error. */
export function chooseAgentName(
  names: readonly string[],
  wanted: string | null | undefined,
  noun: "agent" | "subagent type" = "agent",
): string {
  const chosen = wanted == null ? names[0] : names.find((name) => name === wanted);
  if (chosen !== undefined) return chosen;
  const known = names.slice(0, MAX_NAMES_SHOWN).join(", ");
  throw new ExecutionFailure("invalid_input", `unknown ${noun} ${quotedWord(wanted ?? "")}; known are ${known}`);
}

/** Returns the list of agents, as `seren_agents` says it. */
export function agentsText(agents: readonly AgentOffer[]): string {
  const lines = agents.map(({ name, description }) => `${name}: ${description}`);
  return [...lines, "", HOW_TO_START].join("\n");
}

export const HOW_TO_START = 'Start one with seren_dispatch and its name as "agent"; without it, the first.';

/** Returns what a run goes to. `deployments`: those of the agents, by name. */
export function agentTarget(
  { agent, deploymentId, conversation, model }: AgentChoice,
  { deployments, configured }: { deployments: ReadonlyMap<string, string>; configured: string | undefined },
): Target {
  if (conversation !== undefined) return { kind: "conversation" };
  if (model !== undefined) return generalAgentTarget({ model });
  return chooseDeployment({
    requested: deploymentId ? { deploymentId, named: "the request's deployment_id" } : namedByAgent(agent, deployments),
    configured,
    workload: () => generalAgentTarget(),
  });
}

function namedByAgent(
  agent: string | undefined,
  deployments: ReadonlyMap<string, string>,
): NamedDeployment | undefined {
  const deploymentId = agent === undefined ? undefined : deployments.get(agent);
  return deploymentId ? { deploymentId, named: `the agent ${agent}` } : undefined;
}
