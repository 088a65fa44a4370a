/** The Dispatch deployment plugin on stdio. */
import { createHash } from "node:crypto";
import { createDeploymentPlugin, type Place } from "../../adapters/deployment/index.ts";
import { apiBaseOf } from "../../config.ts";
import { DeploymentDesk } from "../../core/engine.ts";
import { allowedSecrets } from "../../parcel/index.ts";
import { createHttp, SerenClient, upload } from "../../seren/index.ts";
import { stateDisk } from "../../state/index.ts";
import { DiskNotes } from "../deployment-notes.ts";
import { type HostContext, type HostStart, serveHost } from "../serve-host.ts";
import { userAgent } from "../user-agent.ts";

export async function serve(start: HostStart): Promise<void> {
  const opened: (() => Promise<void>)[] = [];
  await serveHost(start, "dispatch-deployment", (context) => {
    const { config, redactor, ambient, interrupted } = context;
    return createDeploymentPlugin({
      connection: { local: config.local, base: config.apiBase, baseOf: apiBaseOf, redactor },
      connect: async (place) => {
        const { desk, close } = connect(context, place);
        opened.push(close);
        return desk;
      },
      secret: allowedSecrets(config.variable, config.allowedSecrets),
      variable: config.variable,
      cwd: process.cwd(),
      redactor,
      interrupted,
      ambient,
    });
  });
  for (const close of opened) await close();
}

function connect({ config, apiKey, ambient, log }: HostContext, place: Place) {
  config.check();
  const baseUrl = place.baseUrl ?? config.apiBase();
  const { apiKey: key } = place;
  const { proxyFor } = config;
  const transport = createHttp({
    baseUrl,
    apiKey: key ? () => key : apiKey,
    userAgent: userAgent(),
    ambient,
    proxy: proxyFor(new URL(baseUrl)),
  });
  const client = new SerenClient(transport, ambient);
  // Of the service alone: two people of one organization deploy the same, with different keys.
  const account = () => createHash("sha256").update(`deployments of ${baseUrl}`).digest("hex").slice(0, 16);
  const { stateDir } = config;
  const notes = new DiskNotes({ stateDir, account, ambient, log, disk: stateDisk(stateDir, ambient) });
  const desk = new DeploymentDesk({
    client,
    notes,
    put: ({ sizeBytes, content }, to, signal) =>
      upload({ ...to, sizeBytes, content, ambient, signal, service: baseUrl, proxyFor }),
  });
  const close = async () => {
    await notes.close();
    await client.close();
  };
  return { desk, close };
}
