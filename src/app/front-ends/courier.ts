/** The Dispatch courier on stdio. */
import { createCourier } from "../../adapters/courier/index.ts";
import { allowedSecrets } from "../../parcel/index.ts";
import { type HostStart, serveHost } from "../serve-host.ts";

export async function serve(start: HostStart): Promise<void> {
  await serveHost(start, "dispatch", ({ config, registry, engine, apiKey, redactor, log, ambient, warmUp, release }) =>
    createCourier({
      registry,
      ambient,
      redactor,
      apiKey,
      deployment: config.deployment,
      secret: allowedSecrets(config.variable, config.allowedSecrets),
      variable: config.variable,
      log,
      get stateDir() {
        return config.stateDir; // at the request that needs it: one that cannot be used fails only that
      },
      saveArtifacts: async (...what) => (await engine()).saveArtifacts(...what),
      madeAhead: async (digest, use) => {
        // The embedded service begins with this process, so there is nothing on it.
        if (config.local) return undefined;
        return engine().then(
          (loaded) => loaded.madeAhead(digest, use),
          () => undefined,
        );
      },
      warmUp,
      release,
    }),
  );
}
