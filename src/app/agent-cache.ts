/**
 * The agents offered to a host. Roder asks once, at its start, and does not wait: it gets the agents that the last start
 * stored, and this start stores those for the next one. MCP clients want lists that do not change while they are connected.
 */
import { join } from "node:path";
import * as z from "zod";
import type { NamedAgent } from "../core/index.ts";
import { stateDisk, writeFileAtomic } from "../state/index.ts";
import type { Ambient } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import { makeFolder } from "../support/make-folder.ts";
import { readPlainFile } from "../support/plain-file.ts";
import type { Responsive } from "../support/responsive.ts";
import type { HostContext } from "./serve-host.ts";

const FileSchema = z.object({
  v: z.literal(1),
  /** Base of the service that has these agents. */
  base: z.string(),
  agents: z.array(z.object({ name: z.string(), description: z.string(), deploymentId: z.string() })),
});

const MAX_BYTES = 16 * 1024 * 1024;
/** A host waits for its first answers meanwhile. */
const READ_LIMIT_MS = 1_000;

export interface AgentCacheOptions {
  stateDir: string;
  base: string;
  /** Lists the agents of the service. */
  look: () => Promise<NamedAgent[]>;
  ambient: Ambient;
  log: Log;
}

export class AgentCache {
  readonly agents: readonly NamedAgent[];
  readonly #options: AgentCacheOptions;
  readonly #disk: Responsive;

  private constructor(options: AgentCacheOptions, disk: Responsive, agents: NamedAgent[]) {
    this.#options = options;
    this.#disk = disk;
    this.agents = agents;
  }

  /** Reads what the last start has stored. Never rejects. */
  static async open(options: AgentCacheOptions): Promise<AgentCache> {
    const { stateDir, base, ambient } = options;
    const disk = stateDisk(stateDir, ambient);
    const agents = await disk.ask(() => readStored(pathIn(stateDir), base), READ_LIMIT_MS).catch(() => []);
    return new AgentCache(options, disk, agents);
  }

  /** Stores the current agents for the next start. Never rejects: a failure is logged. */
  async refresh(): Promise<void> {
    const { stateDir, base, look, ambient, log } = this.#options;
    try {
      const agents = await look();
      const text = JSON.stringify({ v: 1, base, agents } satisfies z.input<typeof FileSchema>);
      await this.#disk.ask(async () => {
        await makeFolder(stateDir);
        await writeFileAtomic(pathIn(stateDir), text, { token: ambient.uuid() });
      });
    } catch (error) {
      log("info", "the agents could not be looked up", { error: error instanceof Error ? error.message : "" });
    }
  }
}

function pathIn(stateDir: string): string {
  return join(stateDir, "agents.json");
}

/** Rejects at the first start, and for a file of another version. */
async function readStored(path: string, base: string): Promise<NamedAgent[]> {
  const file = await readPlainFile(path, MAX_BYTES);
  const stored = FileSchema.parse(JSON.parse(file?.bytes.toString("utf8") ?? ""));
  return stored.base === base ? stored.agents : [];
}

/** Undefined for the embedded service, which starts without agents, and for an unusable setting, which the first run reports. */
export async function agentCache({ config, engine, ambient, log }: HostContext): Promise<AgentCache | undefined> {
  if (config.local) return undefined;
  try {
    return await AgentCache.open({
      stateDir: config.stateDir,
      base: config.apiBase(),
      look: async () => (await engine()).agents(),
      ambient,
      log,
    });
  } catch {
    return undefined;
  }
}

/** Returns the deployments of the agents, by their names. */
export function deploymentsOf(cache: AgentCache | undefined): ReadonlyMap<string, string> {
  return new Map(cache?.agents.map(({ name, deploymentId }) => [name, deploymentId]));
}
