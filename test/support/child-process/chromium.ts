/** A headless Chromium of this machine, driven over a pipe: pages are looked at, and what they do is seen. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { type RegisterCleanup, scratchFolder } from "./child.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const OPTIONS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-extensions",
  "--disable-background-networking",
  "--remote-debugging-pipe",
];

/** Path of the browser. Undefined where there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Message {
  id?: number;
  method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: each method has its own
  params?: any;
  result?: unknown;
  error?: { message: string };
  sessionId?: string;
}

export class Chromium {
  /** Every event of every page, in order. */
  readonly events: Message[] = [];
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #listeners: { fits: (event: Message) => boolean; resolve: (event: Message) => void }[] = [];
  #last = 0;
  #rest = "";

  constructor(path: string, whenOver: RegisterCleanup = onTestFinished) {
    const home = scratchFolder(whenOver);
    this.#child = spawn(path, [...OPTIONS, `--user-data-dir=${home}`], {
      env: { PATH: process.env.PATH, HOME: home },
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      detached: true,
    });
    const exited = new Promise<void>((resolve) => void this.#child.once("close", resolve));
    whenOver(async () => {
      // Its own processes, too: they outlive it for a moment and write to its folder.
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, "SIGKILL");
      await exited;
    });
    const [, , , input, output] = this.#child.stdio;
    this.#input = input as Writable;
    (output as Readable).setEncoding("utf8").on("data", (text: string) => this.#read(text));
  }

  /** Opens an empty page. Returns a function that calls methods of the protocol on it. */
  async page(): Promise<<T = unknown>(method: string, params?: object) => Promise<T>> {
    const { targetId } = await this.#call<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.#call<{ sessionId: string }>("Target.attachToTarget", { targetId, flatten: true });
    return (method, params = {}) => this.#call(method, params, sessionId);
  }

  /** Resolves with the next event that fits. */
  next(fits: (event: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => void this.#listeners.push({ fits, resolve }));
  }

  async #call<T>(method: string, params: object, sessionId?: string): Promise<T> {
    const id = ++this.#last;
    const answer = new Promise<Message>((resolve) => void this.#waiting.set(id, resolve));
    this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  #read(text: string): void {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop() ?? "";
    for (const json of messages) {
      const message: Message = JSON.parse(json);
      if (message.id === undefined) this.#note(message);
      else this.#waiting.get(message.id)?.(message);
    }
  }

  #note(event: Message): void {
    this.events.push(event);
    const [due, left] = [true, false].map((wanted) => this.#listeners.filter(({ fits }) => fits(event) === wanted));
    this.#listeners = left ?? [];
    for (const { resolve } of due ?? []) resolve(event);
  }
}
