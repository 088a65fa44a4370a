/**
 * The core with its client: the part of the program that takes time to load (HTTP, schemas of the service, the embedded
 * service). It is imported after the first reply, when a run is requested.
 */
import type { Config } from "../config.ts";
import {
  ApprovalDesk,
  agentsOf,
  Canceller,
  createExecute,
  type Fetch,
  guardedExecute,
  Organization,
  pickMadeAhead,
  RunDirectory,
  type RunKeepers,
  readArtifact,
  SpendGuard,
  saveArtifacts,
} from "../core/engine.ts";
import type { Artifact, Execute, NamedAgent, Outcome, SavedArtifact } from "../core/index.ts";
import { createHttp, download, SerenClient } from "../seren/index.ts";
import { stateDisk } from "../state/index.ts";
import { withTimeLimit } from "../support/abort.ts";
import type { Ambient } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import { type ReadSecret, Secret } from "../support/secret.ts";
import { DiskNotes } from "./deployment-notes.ts";
import { accountOf, openJournal } from "./journal-store.ts";
import { DiskLedger } from "./spend-ledger.ts";
import { userAgent } from "./user-agent.ts";

/** A person waits for what is shown, and does not need it; where the answer decides, it is worth more. */
const MADE_AHEAD = {
  shown: { ms: 2_000, attempts: 1 },
  needed: { ms: 15_000, attempts: 3 },
};

export interface Engine {
  client: SerenClient;
  execute: Execute;
  directory: RunDirectory;
  approvals: ApprovalDesk;
  /** Lists the organization's deployments as agents. */
  agents(): Promise<NamedAgent[]>;
  saveArtifacts(outcome: Outcome, folder: string, signal: AbortSignal): Promise<SavedArtifact[]>;
  /** Returns the content of an artifact, or undefined when it has more than `maxBytes`. */
  readArtifact(artifact: Artifact, limits: { maxBytes: number; signal: AbortSignal }): Promise<Uint8Array | undefined>;
  /** Finds the deployment that was made ahead of a parcel; undefined also when the service is slow or away. */
  madeAhead(digest: string, use: "shown" | "needed"): Promise<{ id: string; name: string } | undefined>;
  close(): Promise<void>;
}

export interface EngineOptions {
  config: Config;
  apiKey: ReadSecret;
  ambient: Ambient;
  log: Log;
  /** The host that requests the runs, for the journal. Default `terminal`. */
  host?: string;
  /** Who has to be asked before the journal forgets a run. */
  keepers?: RunKeepers | undefined;
}

export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { config, apiKey, ambient, log, host = "terminal", keepers } = options;
  config.check();
  const local = config.local ? await startLocal(config, ambient) : undefined;
  const place = local ?? { baseUrl: config.apiBase(), apiKey };
  const proxy = config.proxyFor(new URL(place.baseUrl));
  const transport = createHttp({ ...place, userAgent: userAgent(), ambient, proxy });
  const client = new SerenClient(transport, ambient);
  const canceller = new Canceller(client, log);
  // Runs of the embedded service end with this process: they need no journal.
  const { stateDir } = config;
  const disk = stateDisk(stateDir, ambient);
  const { limits } = config.file;
  const ledger = limits && new DiskLedger(config, ambient);
  const guard = ledger && new SpendGuard({ client, ledger, limits, host, log });
  const journal = local
    ? undefined
    : openJournal({ ...place, stateDir, host, client, canceller, log, disk, keepers: allOf(keepers, guard) });
  const notes = local ? undefined : new DiskNotes({ stateDir, account: () => accountOf(place), ambient, log, disk });
  const execute = createExecute({ client, canceller, log, journal: journal?.journal, notes });
  const fetch: Fetch = (address, limits) =>
    download(address, { ...limits, ambient, service: place.baseUrl, proxyFor: config.proxyFor });
  return {
    client,
    directory: new RunDirectory(client, canceller),
    approvals: new ApprovalDesk(client),
    agents: async () => agentsOf((await new Organization(client).deployments()).rows),
    saveArtifacts: (outcome, folder, signal) => saveArtifacts(outcome, folder, { ambient, signal, fetch }),
    readArtifact: (artifact, limits) => readArtifact(artifact, fetch, limits),
    async madeAhead(digest, use) {
      try {
        const { ms, attempts } = MADE_AHEAD[use];
        const { rows } = await withTimeLimit({ ambient, ms }, (signal) => client.listDeployments({ attempts, signal }));
        const found = pickMadeAhead(rows, digest);
        return found && { id: found.id, name: found.name ?? "" };
      } catch {
        return undefined;
      }
    },
    execute: guard ? guardedExecute(execute, guard) : execute,
    async close() {
      await journal?.close();
      await notes?.close();
      await ledger?.close();
      await client.close();
      await local?.close();
    },
  };
}

/** All of them have to be asked. Undefined when there is none. */
function allOf(...given: (RunKeepers | undefined)[]): RunKeepers | undefined {
  const all = given.filter((one) => one !== undefined);
  if (all.length === 0) return undefined;
  return {
    async beforeForgetting(...run) {
      await Promise.all(all.map((one) => one.beforeForgetting(...run)));
    },
    async attribute(start) {
      await Promise.all(all.map((one) => one.attribute?.(start)));
    },
    async beforeLeaving(run) {
      await Promise.all(all.map((one) => one.beforeLeaving?.(run)));
    },
  };
}

interface LocalPlace {
  baseUrl: string;
  apiKey: () => Secret;
  close(): Promise<void>;
}

async function startLocal(config: Config, ambient: Ambient): Promise<LocalPlace> {
  const { LocalCloud, startLocalHttp, PUBLISHER_PREFIX } = await import("../local/index.ts");
  const key = new Secret(`local-${ambient.uuid()}`);
  const settings = config.model();
  const model = settings && (await import("./model-endpoint.ts")).endpointAgent(settings, config, ambient);
  const cloud = new LocalCloud({ ambient, keys: [key.reveal()], agent: model?.agent });
  const { origin } = await startLocalHttp(cloud, { port: 0 });
  return { baseUrl: origin + PUBLISHER_PREFIX, apiKey: () => key, close: async () => model?.close() };
}
