/** The Roder process extension on stdio. */
import {
  type AgentChoice,
  createRoderExtension,
  GENERAL_AGENT,
  readManifest,
  type ShippedManifest,
} from "../../adapters/roder/index.ts";
import { chooseDeployment, generalAgentTarget, type NamedDeployment, type Target } from "../../core/index.ts";
import { AgentCache } from "../agent-cache.ts";
import { type HostContext, type HostStart, serveHost } from "../serve-host.ts";

export interface RoderStart extends HostStart {
  /** The manifest of the package, as the build has read it. */
  shipped: ShippedManifest;
}

export async function serve(start: RoderStart): Promise<void> {
  const { programPath, shipped, heard } = start;
  await serveHost(start, "roder", (context) => {
    const { config, registry, engine, log, ambient, warmUp, end } = context;
    const cache = agentCache(context);
    const deployments = new Map(cache?.agents.map(({ name, deploymentId }) => [name, deploymentId]));
    const prepare = () => {
      warmUp();
      void cache?.refresh();
    };
    if (heard) prepare(); // the handshake, which asks for it otherwise, is over
    return createRoderExtension({
      registry,
      ambient,
      log,
      manifest: readManifest(programPath, config.roderManifest, shipped),
      target: (choice) => targetOf(choice, deployments, config.deployment),
      definitions: () => [
        GENERAL_AGENT,
        ...(cache?.agents ?? []).map(({ name, description }) => ({ ...GENERAL_AGENT, agent_type: name, description })),
      ],
      runs: {
        status: async (runId, look) => (await engine()).directory.status(runId, look),
        cancel: async (runId) => void (await (await engine()).directory.cancel(runId)),
      },
      onHandshakeTimeout: end,
      warmUp: prepare,
    });
  });
}

/** Undefined for the embedded service, which starts without agents, and for an unusable setting, which the first run reports. */
function agentCache({ config, engine, ambient, log }: HostContext): AgentCache | undefined {
  if (config.local) return undefined;
  try {
    return new AgentCache({
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
