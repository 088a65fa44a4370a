/** Wires the Roder extension. */
import type { Writable } from "node:stream";
import {
  type AgentChoice,
  createRoderExtension,
  GENERAL_AGENT,
  readManifest,
  type ShippedManifest,
} from "../adapters/roder/index.ts";
import { chooseDeployment, generalAgentTarget, type NamedDeployment, type Target } from "../core/index.ts";
import { SeenAgents } from "./roder-agents.ts";
import { type HostContext, serveHost } from "./serve-host.ts";

export interface GreetedRoder {
  /** The file the host has started; the manifest is beside it. */
  programPath: string;
  shipped: ShippedManifest;
  /** Whether the host has said hello and was answered. */
  greeted: boolean;
}

export async function serveRoder(frames: Writable, { programPath, shipped, greeted }: GreetedRoder): Promise<void> {
  await serveHost(frames, "roder", (context) => {
    const { config, registry, engine, log, ambient, warmUp, end } = context;
    const seen = seenAgents(context);
    const deployments = new Map(seen?.agents.map(({ name, deploymentId }) => [name, deploymentId]));
    const prepare = () => {
      warmUp();
      void seen?.refresh();
    };
    if (greeted) prepare();
    return createRoderExtension({
      registry,
      ambient,
      log,
      manifest: readManifest(programPath, config.roderManifest, shipped),
      target: (choice) => targetOf(choice, deployments, config.deployment),
      definitions: () => [
        GENERAL_AGENT,
        ...(seen?.agents ?? []).map(({ name, description }) => ({ ...GENERAL_AGENT, agent_type: name, description })),
      ],
      runs: {
        status: async (runId, cursor) => (await engine()).directory.status(runId, cursor),
        cancel: async (runId) => (await engine()).directory.cancel(runId),
      },
      onSilence: end,
      warmUp: prepare,
    });
  });
}

/** The service inside this process starts empty: it has no agents to tell of. A bad setting is told by the first run. */
function seenAgents({ config, engine, ambient, log }: HostContext): SeenAgents | undefined {
  if (config.local) return undefined;
  try {
    return new SeenAgents({
      stateDir: config.stateDir,
      base: config.apiBase(),
      look: async () => (await engine()).agents(),
      ambient,
      log,
    });
  } catch {
    return undefined;
  }
}

function targetOf(
  { agent, deploymentId }: AgentChoice,
  deployments: ReadonlyMap<string, string>,
  configured: string | undefined,
): Target {
  return chooseDeployment({
    requested: deploymentId ? { deploymentId, named: "the request's deployment_id" } : namedByAgent(agent, deployments),
    configured,
    workload: generalAgentTarget,
  });
}

function namedByAgent(
  agent: string | undefined,
  deployments: ReadonlyMap<string, string>,
): NamedDeployment | undefined {
  const deploymentId = agent === undefined ? undefined : deployments.get(agent);
  return deploymentId ? { deploymentId, named: `the agent ${agent}` } : undefined;
}
