/** The ACP agent on stdio. */
import { createAcpAgent } from "../../adapters/acp/index.ts";
import { agentTarget, GENERAL_AGENT } from "../../model-tools/index.ts";
import { agentCache, deploymentsOf } from "../agent-cache.ts";
import { type HostStart, serveHost } from "../serve-host.ts";

export async function serve(start: HostStart): Promise<void> {
  await serveHost(start, "acp", async (context) => {
    const { config, registry, engine, redactor, log, ambient } = context;
    const cache = await agentCache(context);
    const targets = { deployments: deploymentsOf(cache), configured: config.deployment };
    return createAcpAgent({
      version: __VERSION__,
      isInitialized: start.heard !== undefined,
      registry,
      ambient,
      log,
      redactor,
      agents: [GENERAL_AGENT, ...(cache?.agents ?? [])],
      target: (choice) => agentTarget(choice, targets),
      renewKey: context.renewKey,
      requireKey: context.requireKey,
      asksPeople: config.asksPeople,
      approvals: async () => (await engine()).approvals,
      warmUp() {
        context.warmUp();
        void cache?.refresh();
      },
    });
  });
}
