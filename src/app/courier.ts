/** Wires the Dispatch courier. */
import type { Writable } from "node:stream";
import { createCourier } from "../adapters/courier/index.ts";
import { serveHost } from "./serve-host.ts";

export async function serveCourier(frames: Writable): Promise<void> {
  await serveHost(frames, "dispatch", ({ config, registry, engine, apiKey, redactor, ambient, warmUp }) =>
    createCourier({
      registry,
      ambient,
      redactor,
      apiKey,
      deployment: config.deployment,
      secret: config.variable,
      stateDir: config.stateDir,
      saveArtifacts: async (outcome, folder) => (await engine()).saveArtifacts(outcome, folder),
      warmUp,
    }),
  );
}
