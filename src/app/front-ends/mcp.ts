/** The MCP server on stdio. */
import { createMcpServer } from "../../adapters/mcp/index.ts";
import { agentTarget, GENERAL_AGENT } from "../../model-tools/index.ts";
import { agentCache, deploymentsOf } from "../agent-cache.ts";
import { type HostStart, serveHost } from "../serve-host.ts";

export async function serve(start: HostStart): Promise<void> {
  await serveHost(start, "mcp", async (context) => {
    const { config, registry, runs, engine, redactor, log, ambient, warmUp } = context;
    const cache = await agentCache(context);
    const targets = { deployments: deploymentsOf(cache), configured: config.deployment };
    const agents = [GENERAL_AGENT, ...(cache?.agents ?? [])];
    return createMcpServer({
      version: __VERSION__,
      heard: start.heard,
      registry,
      ambient,
      log,
      redactor,
      agents: () => agents,
      target: (choice) => agentTarget(choice, targets),
      runs,
      readArtifact: async (...what) => (await engine()).readArtifact(...what),
      approvals: async () => (await engine()).approvals,
      asksPeople: config.asksPeople,
      warmUp() {
        warmUp();
        void cache?.refresh();
      },
    });
  });
}
