/**
 * The agents offered to a host. Roder asks once, at its start, and does not wait: it gets the agents that the last start
 * stored, and this start stores those for the next one. MCP clients want lists that do not change while they are connected.
 */
import { join } from "node:path";
import * as z from "zod";
import type { NamedAgent } from "../core/index.ts";
import { writeFileAtomic } from "../state/index.ts";
import type { Ambient } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import { makeFolder } from "../support/make-folder.ts";
import { readPlainFileSync } from "../support/plain-file.ts";
import type { HostContext } from "./serve-host.ts";

const FileSchema = z.object({
  v: z.literal(1),
  /** Base of the service that has these agents. */
  base: z.string(),
  agents: z.array(z.object({ name: z.string(), description: z.string(), deploymentId: z.string() })),
});

const MAX_BYTES = 16 * 1024 * 1024;

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
  readonly #path: string;

  constructor(options: AgentCacheOptions) {
    this.#options = options;
    this.#path = join(options.stateDir, "agents.json");
    this.agents = readStored(this.#path, options.base);
  }

  /** Stores the current agents for the next start. Never rejects: a failure is logged. */
  async refresh(): Promise<void> {
    const { stateDir, base, look, ambient, log } = this.#options;
    try {
      const agents = await look();
      await makeFolder(stateDir);
      await writeFileAtomic(this.#path, JSON.stringify({ v: 1, base, agents } satisfies z.input<typeof FileSchema>), {
        token: ambient.uuid(),
      });
    } catch (error) {
      log("info", "the agents could not be looked up", { error: error instanceof Error ? error.message : "" });
    }
  }
}

function readStored(path: string, base: string): NamedAgent[] {
  try {
    const file = FileSchema.parse(JSON.parse(readPlainFileSync(path, MAX_BYTES)?.bytes.toString("utf8") ?? ""));
    return file.base === base ? file.agents : [];
  } catch {
    return []; // the first start, or a file of another version
  }
}

/** Undefined for the embedded service, which starts without agents, and for an unusable setting, which the first run reports. */
export function agentCache({ config, engine, ambient, log }: HostContext): AgentCache | undefined {
  if (config.local) return undefined;
  try {
    return new AgentCache({
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
