/** The official TypeScript clients, where they are installed (`npm ci --prefix scripts/tools`). They start the built file themselves. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { PROGRAM, requireBuilt, scratchFolder } from "../support/child-process/child.ts";

const MODULES = fileURLToPath(new URL("../../scripts/tools/node_modules/@modelcontextprotocol/", import.meta.url));
const V1 = join(MODULES, "sdk/dist/esm");
const V2 = join(MODULES, "client/dist");

/** Why the clients cannot run here; empty when they can. */
export const obstacle = [V1, V2].every(existsSync)
  ? ""
  : " (skipped: the tools are not installed, npm ci --prefix scripts/tools)";

export interface CallOptions {
  timeout?: number;
  signal?: AbortSignal;
  resetTimeoutOnProgress?: boolean;
  onprogress?: (progress: { progress: number; message?: string }) => void;
}
export interface CallResult {
  content: { type: string; text: string; uri?: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/** What both generations of the client have in common. */
export interface Client {
  listTools(): Promise<{ tools: { name: string }[] }>;
  call(name: string, args: object, options?: CallOptions): Promise<CallResult>;
  /** Calls a tool as a task, and yields what the client makes of it. Only in 1.x. */
  stream?(name: string, args: object): AsyncIterable<{ type: string; result?: CallResult }>;
  listResources(): Promise<{ resources: object[] }>;
  listTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(uri: string): Promise<{ contents: { text?: string }[] }>;
  serverVersion(): { name: string; version: string } | undefined;
  close(): Promise<void>;
}

/** Answers a form that the server asks for. */
export type OnForm = (params: { message: string; requestedSchema: object }) => object;

export type Generation = "1.x" | "2.x, legacy" | "2.x, automatic" | "2.x, pinned";
export const GENERATIONS: readonly Generation[] = ["1.x", "2.x, legacy", "2.x, automatic", "2.x, pinned"];

const CLIENT = { name: "seren-bridge-tests", version: "1.0.0" };

/** Returns a client that has started the built file and is connected to it. */
export async function connect(generation: Generation, env: Record<string, string>, onForm?: OnForm): Promise<Client> {
  const home = scratchFolder();
  const transport = {
    command: process.execPath,
    args: [requireBuilt(PROGRAM), "mcp"],
    env: { PATH: process.env.PATH ?? "", HOME: home, XDG_STATE_HOME: join(home, "state"), ...env },
  };
  const capabilities = onForm ? { elicitation: { form: {} } } : {};
  const client =
    generation === "1.x" ? await first(capabilities, onForm) : await second(generation, capabilities, onForm);
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const load = (path: string) => import(pathToFileURL(path).href);

async function first(capabilities: object, onForm: OnForm | undefined) {
  const [{ Client: Official }, { StdioClientTransport }, { ElicitRequestSchema }] = await Promise.all([
    load(join(V1, "client/index.js")),
    load(join(V1, "client/stdio.js")),
    load(join(V1, "types.js")),
  ]);
  const client = new Official(CLIENT, { capabilities });
  if (onForm) client.setRequestHandler(ElicitRequestSchema, ({ params }: { params: never }) => onForm(params));
  return {
    connect: (server: object) => client.connect(new StdioClientTransport(server)),
    call: (name: string, args: object, options?: CallOptions) =>
      client.callTool({ name, arguments: args }, undefined, options),
    stream: (name: string, args: object) =>
      client.experimental.tasks.callToolStream({ name, arguments: args }, undefined, { task: {} }),
    ...common(client),
  };
}

/** What both generations have under the same names. */
// biome-ignore lint/suspicious/noExplicitAny: the clients are loaded from where they are installed, without their types
function common(client: any) {
  return {
    listTools: () => client.listTools(),
    listResources: () => client.listResources(),
    listTemplates: () => client.listResourceTemplates(),
    readResource: (uri: string) => client.readResource({ uri }),
    serverVersion: () => client.getServerVersion(),
    close: () => client.close(),
  };
}

const NEGOTIATION = {
  "2.x, legacy": "legacy",
  "2.x, automatic": "auto",
  "2.x, pinned": { pin: "2026-07-28" },
} as const;

async function second(generation: keyof typeof NEGOTIATION, capabilities: object, onForm: OnForm | undefined) {
  const [{ Client: Official }, { StdioClientTransport }] = await Promise.all([
    load(join(V2, "index.mjs")),
    load(join(V2, "stdio.mjs")),
  ]);
  const client = new Official(CLIENT, { capabilities, versionNegotiation: { mode: NEGOTIATION[generation] } });
  if (onForm) client.setRequestHandler("elicitation/create", ({ params }: { params: never }) => onForm(params));
  return {
    connect: (server: object) => client.connect(new StdioClientTransport(server)),
    call: (name: string, args: object, options?: CallOptions) => client.callTool({ name, arguments: args }, options),
    ...common(client),
  };
}
