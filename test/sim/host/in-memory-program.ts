/** The whole program (adapter, core, client) on two in-memory pipes, without reading from disk. */
import type { Readable, Writable } from "node:stream";
import { createAcpAgent } from "../../../src/adapters/acp/index.ts";
import { createCourier } from "../../../src/adapters/courier/index.ts";
import { createMcpServer } from "../../../src/adapters/mcp/index.ts";
import { createRoderExtension, GENERAL_AGENT, readManifest } from "../../../src/adapters/roder/index.ts";
import { ApprovalDesk } from "../../../src/core/account/approvals.ts";
import { RunDirectory } from "../../../src/core/account/run-directory.ts";
import { generalAgentTarget, RunRegistry, type Target } from "../../../src/core/index.ts";
import { GENERAL_AGENT as GENERAL_OFFER } from "../../../src/model-tools/index.ts";
import { type OpenedParcel, openParcel } from "../../../src/parcel/index.ts";
import { type EndCause, serve } from "../../../src/stdio/index.ts";
import { silentLog } from "../../../src/support/log.ts";
import { createRedactor } from "../../../src/support/redact.ts";
import { Secret } from "../../../src/support/secret.ts";
import type { SimulatedProcess } from "../environment.ts";
import type { HostPlan } from "./host-plan.ts";

export interface ProgramFiles {
  parcel: OpenedParcel;
  manifest: ReturnType<typeof readManifest>;
}

/** Reads the files that the program needs. A simulation must not do real I/O while its clock runs. */
export async function readProgramFiles(): Promise<ProgramFiles> {
  const { parcel, files } = await openParcel("test/fixtures/dispatch/parcels/chat");
  const contents = new Map<string, Buffer>();
  for (const { packaged_as: path } of parcel.manifest.files) contents.set(path, await files.read(path));
  const read = (path: string) => Promise.resolve(contents.get(path) ?? Buffer.alloc(0));
  return {
    parcel: {
      parcel,
      files: { find: (path) => files.find(path), read, readText: async (path) => (await read(path)).toString("utf8") },
    },
    manifest: readManifest("dist/seren-bridge.mjs", "roder-extension.toml"),
  };
}

export interface Program {
  ended: Promise<EndCause>;
  signal(): void;
}

export interface ProgramStart {
  kind: HostPlan["host"]["kind"];
  process: SimulatedProcess;
  files: ProgramFiles;
  input: Readable;
  output: Writable;
}

export function startInMemoryProgram({ kind, process, files, input, output }: ProgramStart): Program {
  const { parcel, manifest } = files;
  const { ambient, client, canceller } = process;
  const redactor = createRedactor();
  const registry = new RunRegistry(() => Promise.resolve(process.execute), ambient, { redactor });
  const shutdown = new AbortController();
  const log = silentLog;
  const runs = new RunDirectory(client, canceller);
  const target = ({ deploymentId }: { deploymentId?: string | undefined }): Target =>
    deploymentId ? { kind: "deployment", deploymentId, named: "the plan" } : generalAgentTarget();
  const shared = { registry, ambient, log, target, redactor };
  const asking = { version: "0.0.0", asksPeople: true, approvals: async () => new ApprovalDesk(client) };
  const adapters = {
    dispatch: () =>
      createCourier({
        registry,
        ambient,
        redactor,
        apiKey: () => new Secret("sim"),
        deployment: undefined,
        secret: () => "a secret of the parcel",
        variable: () => "a secret of the parcel",
        log,
        stateDir: "/nowhere",
        saveArtifacts: () => Promise.resolve([]),
        madeAhead: async () => undefined,
        warmUp: () => undefined,
        openParcel: () => Promise.resolve(parcel),
      }),
    roder: () =>
      createRoderExtension({
        registry,
        ambient,
        log,
        manifest,
        target,
        definitions: () => [GENERAL_AGENT],
        runs,
        onHandshakeTimeout: () => shutdown.abort(),
      }),
    mcp: () =>
      createMcpServer({
        ...shared,
        ...asking,
        heard: undefined,
        agents: () => [GENERAL_OFFER],
        runs,
        readArtifact: () => Promise.resolve(undefined),
      }),
    acp: () =>
      createAcpAgent({
        ...shared,
        ...asking,
        isInitialized: false,
        agents: [GENERAL_OFFER],
        renewKey: () => undefined,
        requireKey: async () => undefined,
        warmUp: () => undefined,
      }),
  };
  const adapter = adapters[kind]();
  const { ended } = serve({ input, output, ...adapter, redactor, log: silentLog, ambient, shutdown: shutdown.signal });
  return { ended, signal: () => shutdown.abort() };
}
