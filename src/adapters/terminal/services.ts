/** What the commands need from the rest of the program; `app/front-ends/terminal.ts` provides it. */
import type {
  ApprovalDesk,
  Batch,
  BatchOptions,
  Execute,
  Organization,
  Outcome,
  RunDirectory,
  RunTranscript,
  RunWatcher,
  SavedArtifact,
  SpendEntry,
} from "../../core/index.ts";
import type { HostInstaller, InstallContext, WriteFile } from "../../install/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { ProxyRoute } from "../../support/proxy.ts";
import type { Redactor } from "../../support/redact.ts";
import type { ReadSecret, Secret } from "../../support/secret.ts";
import type { BatchFolders } from "./batch/batch-folder.ts";
import type { BatchResult } from "./batch/batch-result-schema.ts";
import type { Screen } from "./screen/screen.ts";

/** Seren Cloud. It is loaded at its first use. */
export interface Remote {
  execute: Execute;
  directory: RunDirectory;
  organization: Organization;
  approvals: ApprovalDesk;
  /** Reads all that is known of a run, without the secrets that its agent repeats. Rejects with `not_found`. */
  transcript(runId: string): Promise<RunTranscript>;
  conversations: Conversations;
  batch(options: BatchOptions<BatchResult>): Batch<BatchResult>;
  /** Rejects when the disk does not reply, naming the path. */
  batches: BatchFolders;
  /** Saves into a subfolder of `folder` that is named by the run. Never rejects. */
  saveArtifacts(outcome: Outcome, folder: string, signal: AbortSignal): Promise<SavedArtifact[]>;
  probe: Probe;
  close(): Promise<void>;
}

/** The conversation of the runs that were started in this working folder. Neither call rejects. */
export interface Conversations {
  last(): Promise<string | undefined>;
  remember(conversationId: string): Promise<void>;
}

/** Measurements of the connection, for `doctor`. */
export interface Probe {
  /** Makes one authorized call. `clockAheadMs` is how far the service's clock is ahead of ours, if its reply has a date. */
  call(): Promise<{ clockAheadMs?: number; tookMs: number }>;
  /** Opens the stream of a run. Resolves with whether bytes arrived within `limitMs`. */
  stream(runId: string, limitMs: number): Promise<boolean>;
}

/** A run that a process of this machine started and that has not ended for it. */
export interface InFlightRun {
  /** Absent until the service has replied to the create call. */
  runId?: string;
  deploymentId: string;
  /** `dispatch`, `roder` or `terminal`. */
  host: string;
  /** Milliseconds since the epoch. */
  since: number;
  /**
   * Whether the process that started it still runs; `unknown` when this cannot be seen from here, `kept` when it does not have to,
   * because the run is one of a batch that can be gone on with.
   */
  owner: "alive" | "dead" | "unknown" | "kept";
}

export type KeySource =
  | { from: "local" }
  | { from: "environment" }
  | { from: "file"; path: string }
  /** `problem` says why the file cannot be used, when there is one. */
  | { from: "none"; path: string; problem?: string };

/** What the official `seren` command has stored. `problem` says why there is no key to be had. */
export type SerenSignIn = { path: string } & ({ key: Secret } | { problem: string });

export interface ApiKeys {
  source(): Promise<KeySource>;
  /** Rejects with `unauthorized`, naming the sources tried. */
  current: ReadSecret;
  /** Rejects when the service does not accept the key, or cannot be asked. */
  check(key: Secret): Promise<void>;
  /** Stores the key, readable by its owner only. Resolves with the path of the file. */
  store(key: Secret): Promise<string>;
  /** Looks for the sign-in of the official `seren` command. Never rejects. */
  serenSignIn(): Promise<SerenSignIn | undefined>;
  /** Removes the stored key. Resolves with whether there was one. */
  forget(): Promise<boolean>;
}

/** One setting as it is in effect. */
export interface SettingRow {
  /** Its key in the configuration file, e.g. `proxy.https`. */
  key: string;
  /** Absent when it is not set and has no default. */
  value?: string;
  from: "environment" | "file" | "default";
  /** The variable that it comes from, or the key with its file. */
  name?: string;
  /** The variable that comes before the key, where one does. */
  variable?: string;
  description: string;
}

export interface SettingsReport {
  /** The configuration file. Absent when none is to be read. */
  path?: string;
  isThere: boolean;
  settings: SettingRow[];
}

/** What `schema` has a JSON Schema of: the configuration file, a line of `run --json`, a result of a batch, the input of a Roder task. */
export const SCHEMA_NAMES = ["config", "run", "batch", "task-input"] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

export interface LocalOptions {
  port: number;
  /** The key that it accepts. Default: one is drawn. */
  key?: string;
  /** Path of a fault plan, or a seed for one. */
  faults?: string;
  /** Folder that keeps the service's state. Default: nothing is kept. */
  state?: string;
  /** Called once per request. */
  onRequest: (line: LocalRequestLine) => void;
  /** Called for every member of an answer that the fault plan has changed. */
  onOdd: (member: LocalOddMember) => void;
  /** Called once when the folder can no longer be written. */
  onProblem: (why: string) => void;
}

/** A member of an answer that was changed, e.g. `data[].started_at` to `numbers`. */
export interface LocalOddMember {
  operation: string;
  /** The frame of a stream, with the type of an event. */
  frame?: string | undefined;
  path: string;
  oddity: string;
  /** Which of the values of the oddity, from 0. */
  form?: number | undefined;
}

export interface LocalServer {
  origin: string;
  key: string;
  /** Whether the key is a secret of this program's as well, which no writer shows. */
  isKeySecret: boolean;
  /** The endpoint that answers; undefined for the built-in agent. */
  model?: { url: string; name: string | undefined };
  close(): Promise<void>;
}

export interface LocalRequestLine {
  method: string;
  path: string;
  status: number | "dropped";
  tookMs: number;
}

/** Where things are on this machine. Reading a folder of an account that has none throws `invalid_input`. */
export interface Paths extends Readonly<InstallContext["paths"]> {
  readonly stateDir: string;
  readonly credentialsFile: string;
}

export interface Services extends InstallContext {
  /** Names of credentials of other tools that a parcel may have, from `SEREN_BRIDGE_SECRETS`. */
  readonly allowedSecrets: readonly string[];
  /** The modes of this program that hosts start, for the help. */
  readonly hostModes: readonly { mode: string; summary: string }[];
  /** The hosts that `setup` and `doctor` know. */
  readonly installers: readonly HostInstaller[];
  readonly ambient: Ambient;
  readonly paths: Paths;
  /** Whether the embedded service is used: nothing outlives the command. */
  readonly local: boolean;
  /** Returns the address of the service, for display. Throws `invalid_input` for an unusable setting. */
  readonly serviceAddress: () => string;
  /** Returns the proxy to the service, if any. Throws `invalid_input` for an unusable setting. */
  readonly proxy: () => ProxyRoute | undefined;
  /** `SEREN_BRIDGE_DEPLOYMENT`. */
  readonly deployment: string | undefined;
  readonly keys: ApiKeys;
  /** Rejects with `invalid_input` when the configuration file cannot be used. */
  settings(): Promise<SettingsReport>;
  /** Returns the text of a configuration file with every key, commented out. */
  settingsExample(): Promise<string>;
  schema(name: SchemaName): Promise<object>;
  readonly redactor: Redactor;
  /** Look on while runs of a command go by. */
  readonly watchers: readonly RunWatcher[];
  remote(): Promise<Remote>;
  /** Lists the journal entries of this machine for this account. */
  inFlightRuns(): Promise<InFlightRun[]>;
  /** The runs that were started here since then, with what they have cost. `isKept`: whether that is noted at all. */
  spend(since: number): Promise<{ entries: SpendEntry[]; isKept: boolean }>;
  /** Tries what the state folder is good for. Rejects when nothing can be written there, with `ENOENT` when there is none. */
  tryStateFolder(): Promise<{ sockets: boolean; openToOthers: boolean }>;
  /** Calls the listener at every interrupt. Returns a function that removes it; without listeners an interrupt ends the program. */
  onInterrupt(listener: () => void): () => void;
  /** Exits at once. */
  leave(code: number): void;
  readonly writeFile: WriteFile;
  /** Runs a command of a host without a shell and without our keys, for a bounded time. Resolves with what went wrong, and what it said. */
  runHostCommand(
    argv: readonly [string, ...string[]],
    signal: AbortSignal,
  ): Promise<{ problem?: string; said: string }>;
  /** Serves the embedded Seren Cloud on loopback. Rejects when port, folder or fault plan cannot be used. */
  serveLocal(options: LocalOptions): Promise<LocalServer>;
}

export interface Context {
  readonly services: Services;
  readonly screen: Screen;
}
