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
import { Child, type Exit, type StartOptions } from "./child.ts";
import type { Json, Message } from "./line-check.ts";

export interface Reply {
  result?: Json;
  error?: { code: number; message: string };
}
type Request = Extract<Message, { kind: "request" }>;

const RESULTS: Readonly<Record<string, z.ZodType>> = {
  initialize: InitializeResultSchema,
  "session/new": NewSessionResultSchema,
  "session/resume": ConfigOptionsResultSchema,
  "session/set_config_option": ConfigOptionsResultSchema,
  "session/prompt": PromptResultSchema,
};

export const text = (words: string) => [{ type: "text", text: words }];
export const WHERE = { cwd: "/a folder of the client", mcpServers: [] };

export class AcpHost {
  readonly child: Child;
  #lastId = 0;

  constructor(options: StartOptions = {}) {
    this.child = new Child("acp", options);
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

  notify(method: string, params: object = {}): void {
    this.child.send({ jsonrpc: "2.0", method, params });
  }

  /** Sends a request without waiting for its answer. Returns its id. */
  send(method: string, params: object = {}): number {
    this.#lastId += 1;
    this.child.send({ jsonrpc: "2.0", id: this.#lastId, method, params });
    return this.#lastId;
  }

  ask(method: string, params: object = {}): Promise<Reply> {
    return this.replyTo(this.send(method, params), method);
  }

  /** Sends a request and returns its result. Throws if the reply is an error. */
  async result(method: string, params: object = {}): Promise<Json> {
    const { result, error } = await this.ask(method, params);
    if (!result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  async replyTo(id: number, method: string): Promise<Reply> {
    const message = await this.child.message(await this.replyAt(id));
    if (message.kind === "error") return { error: message.error };
    if (message.kind !== "result") throw new Error("not a reply");
    RESULTS[method]?.parse(message.result);
    return { result: message.result };
  }

  replyAt(id: number): Promise<number> {
    return this.child.find((one) => (one.kind === "result" || one.kind === "error") && one.id === id);
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

  /** Returns a question of the agent, as soon as it has arrived. */
  async asked(from = 0): Promise<Request> {
    return (await this.child.message(await this.child.find(({ kind }) => kind === "request", from))) as Request;
  }

  /** The agent's questions so far. */
  get questions(): Request[] {
    return this.child.messages.filter((message) => message.kind === "request");
  }

  answer(id: Request["id"], result: unknown): void {
    this.child.send({ jsonrpc: "2.0", id, result });
  }

  select(id: Request["id"], optionId: string): void {
    this.answer(id, { outcome: { outcome: "selected", optionId } });
  }

  refuse(id: Request["id"], error: object): void {
    this.child.send({ jsonrpc: "2.0", id, error });
  }

  end(): Promise<Exit> {
    return this.child.end();
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
