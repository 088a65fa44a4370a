/** The Roder process extension on stdio. */
import { stat } from "node:fs/promises";
import { createRoderExtension, GENERAL_AGENT, readManifest, type ShippedManifest } from "../../adapters/roder/index.ts";
import type { Config } from "../../config.ts";
import { agentTarget } from "../../model-tools/index.ts";
import { realAmbient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { Responsive } from "../../support/responsive.ts";
import { agentCache, deploymentsOf } from "../agent-cache.ts";
import { type HostStart, serveHost } from "../serve-host.ts";

export interface RoderStart extends HostStart {
  /** The manifest of the package, as the build has read it. */
  shipped: ShippedManifest;
}

export async function serve(start: RoderStart): Promise<void> {
  const { programPath, shipped, heard } = start;
  await serveHost(start, "roder", async (context) => {
    const { config, registry, runs, log, ambient, warmUp, end, engine } = context;
    const cache = await agentCache(context);
    const targets = { deployments: deploymentsOf(cache), configured: config.deployment };
    const prepare = () => {
      warmUp();
      void cache?.refresh();
    };
    if (heard) prepare(); // the handshake, which asks for it otherwise, is over
    return createRoderExtension({
      registry,
      ambient,
      log,
      manifest: await manifestOf(programPath, config, shipped),
      target: (choice) => agentTarget(choice, targets),
      definitions: () => [
        GENERAL_AGENT,
        ...(cache?.agents ?? []).map(({ name, description }) => ({ ...GENERAL_AGENT, agent_type: name, description })),
      ],
      runs,
      saveArtifacts: async (...what) => (await engine()).saveArtifacts(...what),
      onHandshakeTimeout: end,
      warmUp: prepare,
    });
  });
}

/** One beside the program comes before the one of the configuration file, which was not read when the handshake was answered. */
async function manifestOf(
  programPath: string,
  { roderManifest, roderManifestElsewhere }: Config,
  shipped: ShippedManifest,
) {
  const readAt = async (path?: string) =>
    (path === undefined ? undefined : await silence(path)) ?? readManifest(programPath, path, shipped);
  const found = await readAt(roderManifest);
  const isMissing = found instanceof ExecutionFailure && roderManifest === undefined;
  return isMissing && roderManifestElsewhere ? readAt(roderManifestElsewhere) : found;
}

/** Returns a failure for a disk that does not reply: what is read at once after this would never return. */
async function silence(path: string): Promise<ExecutionFailure | undefined> {
  try {
    await new Responsive(path, realAmbient).ask(() => stat(path));
    return undefined;
  } catch (error) {
    return error instanceof ExecutionFailure ? error : undefined; // a missing file is reported by who reads it
  }
}
