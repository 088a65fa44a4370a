/** A host of JSON-RPC in both directions on the built program: its requests and notifications, and answers to those of the program. */
import type * as z from "zod";
import { Child, type Exit, type StartOptions } from "./child.ts";
import type { Json, Message, Mode } from "./line-check.ts";

export interface Reply {
  result?: Json;
  error?: { code: number; message: string; data?: Json };
}
type Request = Extract<Message, { kind: "request" }>;

export abstract class RpcHost {
  readonly child: Child;
  #lastId = 0;

  constructor(mode: Mode, options: StartOptions = {}) {
    this.child = new Child(mode, options);
  }

  /** Returns what the result of a request has to be; undefined when anything may come. */
  protected abstract schemaOf(method: string, params: object): z.ZodType | undefined;

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
    return this.replyTo(this.send(method, params), method, params);
  }

  /** Sends a request and returns its result. Throws if the reply is an error. */
  async result(method: string, params: object = {}): Promise<Json> {
    const { result, error } = await this.ask(method, params);
    if (!result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  async replyTo(id: number, method: string, params: object = {}): Promise<Reply> {
    const message = await this.child.message(await this.replyAt(id));
    if (message.kind === "error") return { error: message.error as NonNullable<Reply["error"]> };
    if (message.kind !== "result") throw new Error("not a reply");
    this.schemaOf(method, params)?.parse(message.result);
    return { result: message.result };
  }

  replyAt(id: number): Promise<number> {
    return this.child.find((one) => (one.kind === "result" || one.kind === "error") && one.id === id);
  }

  /** Returns a question of the program, as soon as it has arrived. */
  async asked(from = 0): Promise<Request> {
    return (await this.child.message(await this.child.find(({ kind }) => kind === "request", from))) as Request;
  }

  /** The program's questions so far. */
  get questions(): Request[] {
    return this.child.messages.filter((message) => message.kind === "request");
  }

  answer(id: Request["id"], result: unknown): void {
    this.child.send({ jsonrpc: "2.0", id, result });
  }

  refuse(id: Request["id"], error: object): void {
    this.child.send({ jsonrpc: "2.0", id, error });
  }

  end(): Promise<Exit> {
    return this.child.end();
  }
}
