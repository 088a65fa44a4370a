/** An ACP client: sessions with one turn at a time, and questions that the test answers. */
import type * as z from "zod";
import {
  ConfigOptionsResultSchema,
  InitializeResultSchema,
  NewSessionResultSchema,
  PROTOCOL_VERSION,
  PromptResultSchema,
  type SessionUpdate,
} from "#protocols/acp";
import type { StartOptions } from "./child.ts";
import type { Message } from "./line-check.ts";
import { type Reply, RpcHost } from "./rpc-host.ts";

const RESULTS: Readonly<Record<string, z.ZodType>> = {
  initialize: InitializeResultSchema,
  "session/new": NewSessionResultSchema,
  "session/resume": ConfigOptionsResultSchema,
  "session/set_config_option": ConfigOptionsResultSchema,
  "session/prompt": PromptResultSchema,
};

export const text = (words: string) => [{ type: "text", text: words }];
export const WHERE = { cwd: "/a folder of the client", mcpServers: [] };

export class AcpHost extends RpcHost {
  constructor(options: StartOptions = {}) {
    super("acp", options);
  }

  protected schemaOf(method: string): z.ZodType | undefined {
    return RESULTS[method];
  }

  /** Returns a client after `initialize`. */
  static async initialized(options: StartOptions = {}): Promise<AcpHost> {
    const host = new AcpHost(options);
    await host.result("initialize", { protocolVersion: PROTOCOL_VERSION });
    return host;
  }

  /** Returns a client with the id of a new session. */
  static async inSession(options: StartOptions = {}): Promise<{ host: AcpHost; sessionId: string }> {
    const host = await AcpHost.initialized(options);
    return { host, sessionId: await host.session() };
  }

  async session(): Promise<string> {
    return `${(await this.result("session/new", WHERE)).sessionId}`;
  }

  sendPrompt(sessionId: string, words: string): number {
    return this.send("session/prompt", { sessionId, prompt: text(words) });
  }

  /** Returns the reply to a prompt. */
  ended(id: number): Promise<Reply> {
    return this.replyTo(id, "session/prompt");
  }

  prompt(sessionId: string, words: string): Promise<Reply> {
    return this.ended(this.sendPrompt(sessionId, words));
  }

  cancel(sessionId: string): void {
    this.notify("session/cancel", { sessionId });
  }

  /** The updates of a session so far. */
  updates(sessionId: string): SessionUpdate[] {
    return this.child.messages.flatMap((one) => updateOf(one, sessionId) ?? []);
  }

  /** Returns the first update of a session that fits, as soon as it has arrived. */
  async update(sessionId: string, fits: (update: SessionUpdate) => boolean): Promise<SessionUpdate> {
    const at = await this.child.find((message) => {
      const update = updateOf(message, sessionId);
      return update !== undefined && fits(update);
    });
    return updateOf(await this.child.message(at), sessionId) as SessionUpdate;
  }

  /** Resolves when the agent has said `words` as a part of its message. */
  async heard(sessionId: string, words: string): Promise<void> {
    await this.update(sessionId, () => this.said(sessionId).includes(words));
  }

  /** The message of the agent so far. */
  said(sessionId: string): string {
    return this.#chunks(sessionId, "agent_message_chunk");
  }

  thoughts(sessionId: string): string {
    return this.#chunks(sessionId, "agent_thought_chunk");
  }

  select(id: string | number, optionId: string): void {
    this.answer(id, { outcome: { outcome: "selected", optionId } });
  }

  #chunks(sessionId: string, kind: "agent_message_chunk" | "agent_thought_chunk"): string {
    return this.updates(sessionId)
      .map((update) => (update.sessionUpdate === kind ? update.content.text : ""))
      .join("");
  }
}

function updateOf(message: Message, sessionId: string): SessionUpdate | undefined {
  if (message.kind !== "notification" || message.method !== "session/update") return undefined;
  return message.params.sessionId === sessionId ? (message.params.update as SessionUpdate) : undefined;
}
