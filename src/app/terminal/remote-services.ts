/** The terminal's services that need HTTP, loaded at their first use. */
import type { InFlightRun, Probe, Remote } from "../../adapters/terminal/index.ts";
import type { Config } from "../../config.ts";
import { ApprovalDesk, Organization, parseEntry } from "../../core/engine.ts";
import { createHttp, SerenClient, toFailure } from "../../seren/index.ts";
import { OwnedFiles } from "../../state/index.ts";
import { timeoutSignal, unabortable, withTimeLimit } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { Secret } from "../../support/secret.ts";
import { createEngine, type EngineOptions } from "../engine.ts";
import { accountOf, journalFolder } from "../journal-store.ts";
import { userAgent } from "../user-agent.ts";

const PROBE_TIMEOUT_MS = 15_000;

export async function createRemote(options: EngineOptions): Promise<Remote> {
  const { client, execute, directory, close } = await createEngine(options);
  return {
    execute,
    directory,
    close,
    organization: new Organization(client),
    approvals: new ApprovalDesk(client),
    probe: options.config.local ? probeOf(client, undefined, options) : probeOf(client, options.config, options),
  };
}

/** Rejects when the service refuses the key or cannot be asked. */
export async function checkKey(config: Config, ambient: Ambient, key: Secret): Promise<void> {
  const transport = createHttp({ ...connectionOf(config), apiKey: () => key, userAgent: userAgent(), ambient });
  try {
    await withTimeLimit({ ambient, ms: 2 * PROBE_TIMEOUT_MS }, (signal) =>
      new SerenClient(transport, ambient).listDeployments({ attempts: 2, signal }),
    );
  } finally {
    await transport.close();
  }
}

/** Lists the runs of this account that processes of this machine wait for. */
export async function listInFlightRuns(config: Config, ambient: Ambient, apiKey: () => Secret): Promise<InFlightRun[]> {
  if (config.local) return []; // no other process can see an embedded service's runs
  const account = accountOf({ apiKey, baseUrl: config.apiBase() });
  const files = await new OwnedFiles(journalFolder(config.stateDir), ambient).list();
  return files.flatMap(({ text, alive }) => {
    const entry = parseEntry(text);
    if (entry?.account !== account) return [];
    const { runId, deploymentId, host, since } = entry;
    return [{ deploymentId, host, since, alive, ...(runId ? { runId } : {}) }];
  });
}

function probeOf(client: SerenClient, config: Config | undefined, { apiKey, ambient }: EngineOptions): Probe {
  return {
    async call() {
      const before = ambient.now();
      if (!config) {
        await withTimeLimit({ ambient, ms: PROBE_TIMEOUT_MS }, (signal) =>
          client.listDeployments({ attempts: 1, signal }),
        );
        return { tookMs: ambient.now() - before };
      }
      const transport = createHttp({ ...connectionOf(config), apiKey, userAgent: userAgent(), ambient });
      try {
        const response = await transport.request({
          method: "GET",
          path: "/deployments",
          timeoutMs: PROBE_TIMEOUT_MS,
          signal: unabortable(),
        });
        if (response.status < 200 || response.status > 299)
          throw toFailure(response, "the list of deployments", ambient);
        const tookMs = ambient.now() - before;
        const date = Date.parse(response.headers.date ?? "");
        return Number.isNaN(date) ? { tookMs } : { tookMs, clockAheadMs: date - (before + tookMs / 2) };
      } finally {
        await transport.close();
      }
    },
    async stream(runId, limitMs) {
      const bound = timeoutSignal(ambient, limitMs);
      try {
        const stream = await client.openRunStream(runId, undefined, bound.signal);
        for await (const chunk of stream.body) {
          if (chunk.length === 0) continue;
          stream.close();
          return true;
        }
        return false;
      } catch (error) {
        if (bound.signal.aborted) return false;
        throw error;
      } finally {
        bound.release();
      }
    },
  };
}

function connectionOf(config: Config) {
  const baseUrl = config.apiBase();
  return { baseUrl, proxy: config.proxyFor(new URL(baseUrl)) };
}
