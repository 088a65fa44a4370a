/** The official TypeScript client, where it is installed (`npm ci --prefix scripts/tools`), on the built file. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PROGRAM, requireBuilt, scratchFolder } from "../support/child-process/child.ts";

const MODULES = fileURLToPath(new URL("../../scripts/tools/node_modules/@agentclientprotocol/", import.meta.url));
const SDK = join(MODULES, "sdk/dist/v1/stable/acp.js");

/** Why the client cannot run here; empty when it can. */
export const obstacle = existsSync(SDK) ? "" : " (skipped: the tools are not installed, npm ci --prefix scripts/tools)";

export interface Update {
  sessionUpdate: string;
  toolCallId?: string;
  status?: string;
  content?: { text?: string };
}

/** What the tests use of `ClientContext`. */
export interface Agent {
  request(method: string, params: object): Promise<Record<string, unknown>>;
  notify(method: string, params: object): Promise<void>;
}

export interface OnClient {
  permission(params: { toolCall: { title: string }; options: { optionId: string; kind: string }[] }): object;
  update(params: { sessionId: string; update: Update }): void;
}

/** Starts the built file, connects the client, and ends both after `work`. Resolves with the exit code. */
export async function withClient(
  env: Record<string, string>,
  on: OnClient,
  work: (agent: Agent) => Promise<void>,
): Promise<number | null> {
  const { client, ndJsonStream } = await import(pathToFileURL(SDK).href);
  const home = scratchFolder();
  const child = spawn(process.execPath, [requireBuilt(PROGRAM), "acp"], {
    env: { PATH: process.env.PATH ?? "", HOME: home, XDG_STATE_HOME: join(home, "state"), ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const exited = new Promise<number | null>((resolve) => void child.once("exit", (code) => resolve(code)));
  const app = client({ name: "seren-bridge-tests" })
    .onRequest("session/request_permission", ({ params }: { params: never }) => on.permission(params))
    .onNotification("session/update", ({ params }: { params: never }) => on.update(params));
  try {
    await app.connectWith(ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout)), work);
  } finally {
    child.stdin.end();
  }
  return exited;
}
