/** The conversations with this client. Each is a conversation on Seren Cloud, by the same id; creating one sends nothing. */
import type { ConfigOption } from "#protocols/acp";
import type { AgentOffer } from "../../model-tools/index.ts";
import type { StopCause } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { Turn } from "./turn.ts";
import { Refusal } from "./wire-error.ts";

const MAX_SESSIONS = 4096;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const AGENT_OPTION = "agent";

export interface Session {
  readonly id: string;
  /** The name of the agent that its turns go to. */
  agent: string;
  turn?: Turn | undefined;
}

export class Sessions {
  readonly #open = new Map<string, Session>();
  readonly #ambient: Ambient;
  readonly #agents: readonly AgentOffer[];

  constructor(ambient: Ambient, agents: readonly AgentOffer[]) {
    this.#ambient = ambient;
    this.#agents = agents;
  }

  create(): Session {
    return this.#add(this.#ambient.uuid());
  }

  /** Nothing but the id is needed: the service remembers the conversation. */
  resume(id: string): Session {
    const known = this.#open.get(id);
    if (known) return known;
    if (!UUID.test(id)) throw new Refusal("invalid_params", "sessionId is not the id of a session of this agent");
    return this.#add(id);
  }

  get(id: string): Session {
    const session = this.#open.get(id);
    if (session) return session;
    throw new Refusal("unknown_session", "there is no session with this id; create one, or resume it");
  }

  find(id: string): Session | undefined {
    return this.#open.get(id);
  }

  async close(id: string): Promise<void> {
    const { turn } = this.get(id);
    this.#open.delete(id);
    turn?.cancel("host");
    await turn?.over;
  }

  cancelAll(by: StopCause): void {
    for (const { turn } of this.#open.values()) turn?.cancel(by);
  }

  /** Returns nothing to choose from where there is one agent only. */
  configOptions({ agent }: Session): { configOptions: ConfigOption[] } {
    if (this.#agents.length < 2) return { configOptions: [] };
    const options = this.#agents.map(({ name, description }) => ({ value: name, name, description }));
    const what = { id: AGENT_OPTION, name: "Agent", description: "The agent on Seren Cloud that gets your messages" };
    return { configOptions: [{ ...what, category: "_seren_agent", type: "select", currentValue: agent, options }] };
  }

  setOption(session: Session, configId: string, value: string | boolean): void {
    const chosen = this.#agents.find(({ name }) => name === value);
    if (configId !== AGENT_OPTION || this.#agents.length < 2)
      throw new Refusal("invalid_params", "there is no such option");
    if (!chosen) throw new Refusal("invalid_params", "the option has no such value; configOptions lists them");
    session.agent = chosen.name;
  }

  #add(id: string): Session {
    if (this.#open.size >= MAX_SESSIONS)
      throw new Refusal("invalid_request", "too many sessions are open; close one of them first");
    const session: Session = { id, agent: this.#agents[0]?.name ?? "" };
    this.#open.set(id, session);
    return session;
  }
}
