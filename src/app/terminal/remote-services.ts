/** The terminal's services that need HTTP, loaded at their first use. */
import type { InFlightRun, Probe, Remote } from "../../adapters/terminal/index.ts";
import type { Config } from "../../config.ts";
import { ApprovalDesk, Batch, entriesOf, Organization, parseEntry, redactedTranscript } from "../../core/engine.ts";
import { createHttp, SerenClient } from "../../seren/index.ts";
import { OwnedFiles, stateDisk } from "../../state/index.ts";
import { timeoutSignal, withTimeLimit } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { Redactor } from "../../support/redact.ts";
import type { ReadSecret, Secret } from "../../support/secret.ts";
import { DiskNotes } from "../deployment-notes.ts";
import { createEngine, type EngineOptions } from "../engine.ts";
import { accountOf, journalFolder } from "../journal-store.ts";
import { DiskLedger } from "../spend-ledger.ts";
import { STATE_LAYOUT } from "../state-layout.ts";
import { userAgent } from "../user-agent.ts";
import { batchFolders } from "./batch/batch-folders.ts";
import { openConversations } from "./conversations.ts";

const CONVERSATIONS_KEPT_MS = 90 * 24 * 60 * 60_000;
const PROBE_TIMEOUT_MS = 15_000;

export async function createRemote({ redactor, ...options }: EngineOptions & { redactor: Redactor }): Promise<Remote> {
  const { client, execute, directory, saveArtifacts, close } = await createEngine(options);
  const { config, ambient } = options;
  return {
    execute,
    directory,
    transcript: async (runId) => redactedTranscript(await directory.transcript(runId), redactor),
    saveArtifacts,
    close,
    batch: (batch) => new Batch(batch),
    batches: batchFolders({
      ambient,
      account: async () => (config.local ? "local" : accountOf({ apiKey: options.apiKey, baseUrl: config.apiBase() })),
    }),
    conversations: openConversations(config.local ? undefined : notesOfConversations(options), () => ambient.now()),
    organization: new Organization(client, (text) => redactor.redact(text)),
    approvals: new ApprovalDesk(client),
    probe: probeOf(client),
  };
}

function notesOfConversations({ config, apiKey, ambient, log }: EngineOptions): DiskNotes {
  const { stateDir } = config;
  const account = () => accountOf({ apiKey, baseUrl: config.apiBase() });
  const disk = stateDisk(stateDir, ambient);
  const folder = STATE_LAYOUT.conversations;
  return new DiskNotes({ stateDir, folder, keptMs: CONVERSATIONS_KEPT_MS, account, ambient, log, disk });
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
export async function listInFlightRuns(config: Config, ambient: Ambient, apiKey: ReadSecret): Promise<InFlightRun[]> {
  if (config.local) return []; // no other process can see an embedded service's runs
  const account = await accountOf({ apiKey, baseUrl: config.apiBase() });
  const files = await new OwnedFiles(journalFolder(config.stateDir), ambient).list();
  return files.flatMap(({ text, owner }) => {
    const entry = parseEntry(text);
    if (entry?.account !== account) return [];
    const { runId, deploymentId, host, since, keptIn } = entry;
    const isKept = keptIn !== undefined && owner !== "alive";
    return [{ deploymentId, host, since, owner: isKept ? "kept" : owner, ...(runId ? { runId } : {}) }];
  });
}

/** Reads the ledger of this machine. */
export async function readSpend(config: Config, ambient: Ambient, since: number) {
  config.check();
  const lines = await new DiskLedger(config, ambient).read(since);
  return {
    entries: entriesOf(lines, ambient.now()).filter(({ at }) => at >= since),
    isKept: config.file.limits !== undefined,
  };
}

function probeOf(client: SerenClient): Probe {
  const { ambient } = client;
  return {
    async call() {
      const before = ambient.now();
      const { date } = await withTimeLimit({ ambient, ms: PROBE_TIMEOUT_MS }, (signal) => client.ping({ signal }));
      const tookMs = ambient.now() - before;
      return date === undefined ? { tookMs } : { tookMs, clockAheadMs: date - (before + tookMs / 2) };
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
