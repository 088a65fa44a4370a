/** Wires the Roder extension. */
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type AgentChoice, createRoderExtension, GENERAL_AGENT, readManifest } from "./adapters/roder/index.ts";
import { generalAgentTarget, type Target } from "./core/index.ts";
import { serveHost } from "./serve-host.ts";

export async function serveRoder(frames: Writable): Promise<void> {
  await serveHost(frames, "roder", ({ config, registry, engine, log, ambient, warmUp, end }) =>
    createRoderExtension({
      registry,
      ambient,
      log,
      manifest: readManifest(fileURLToPath(import.meta.url), config.roderManifest),
      target: (choice) => targetOf(choice, config.deployment),
      definitions: () => [GENERAL_AGENT],
      runs: {
        status: async (runId, cursor) => (await engine()).directory.status(runId, cursor),
        cancel: async (runId) => (await engine()).directory.cancel(runId),
      },
      onSilence: end,
      warmUp,
    }),
  );
}

function targetOf({ deploymentId }: AgentChoice, configured: string | undefined): Target {
  if (deploymentId) return { kind: "deployment", deploymentId, named: "the request's deployment_id" };
  if (configured) return { kind: "deployment", deploymentId: configured, named: "SEREN_BRIDGE_DEPLOYMENT" };
  return generalAgentTarget();
}
