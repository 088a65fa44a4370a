/** A program under measurement: started the way a host starts it, spoken to in JSON lines. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Command } from "./places.ts";

const NEWLINE = 0x0a;

export interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  /** Takes every line that is no reply; the bytes are good until it returns. */
  onLine: (line: Buffer) => void = () => undefined;
  readonly #waiting = new Map<number, { resolve(message: Message): void; reject(error: Error): void }>();
  #lastId = 0;
  #rest: Buffer = Buffer.alloc(0);
  #stderr = "";

  constructor([program = "", ...args]: Command, env: Readonly<Record<string, string>> = {}) {
    this.process = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: "pipe" });
    this.process.stdin?.on("error", () => undefined);
    this.process.stdout?.on("data", (chunk: Buffer) => this.#take(chunk));
    this.process.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk).slice(-2_000);
    });
    this.exited = new Promise((resolve) => {
      this.process.once("close", () => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`the program ended: ${this.#stderr}`));
        resolve();
      });
    });
  }

  /** Sends a request; the reply, or a rejection for an error. */
  async ask(method: string, params: object): Promise<Record<string, unknown>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const reply = this.reply(id);
    this.write({ jsonrpc: "2.0", id, method, params });
    const { result, error } = await reply;
    if (!result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  reply(id: number): Promise<Message> {
    return new Promise((resolve, reject) => void this.#waiting.set(id, { resolve, reject }));
  }

  write(message: object): void {
    this.process.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Ends the way hosts do. */
  async end(): Promise<void> {
    this.process.stdin?.end();
    await this.exited;
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes.subarray(start, end));
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
  }

  /** Replies begin alike; the rest is not parsed here, because at a million lines the host would be what is measured. */
  #line(line: Buffer): void {
    if (!line.subarray(0, 22).includes('"id":')) {
      this.onLine(line);
      return;
    }
    const message: Message = JSON.parse(line.toString());
    const waiting = this.#waiting.get(message.id ?? -1);
    this.#waiting.delete(message.id ?? -1);
    waiting?.resolve(message);
  }
}
