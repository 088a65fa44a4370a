/** What the commands need from the rest of the program. The composition root provides it. */
import type { ApprovalDesk, Execute, Organization, RunDirectory } from "../../core/index.ts";
import type { HostInstaller, InstallContext, WriteFile } from "../../install/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { ProxyRoute } from "../../support/proxy.ts";
import type { Redactor } from "../../support/redact.ts";
import type { Secret } from "../../support/secret.ts";
import type { Screen } from "./screen/screen.ts";

/** Seren Cloud, loaded at its first use. */
export interface Remote {
  execute: Execute;
  directory: RunDirectory;
  organization: Organization;
  approvals: ApprovalDesk;
  probe: Probe;
  close(): Promise<void>;
}

/** Questions that `doctor` asks of the road rather than of the service. */
export interface Probe {
  /** One authorized call: how far the service's clock is ahead of ours in ms, where it says. Rejects as every call does. */
  call(): Promise<{ clockAheadMs?: number; tookMs: number }>;
  /** Opens the stream of a run and waits for its first bytes. False when none came within `limitMs`. */
  stream(runId: string, limitMs: number): Promise<boolean>;
}

/** A run that a process of this machine started and still waits for. */
export interface InFlightRun {
  /** Absent between the intent and the service's answer. */
  runId?: string;
  deploymentId: string;
  /** `dispatch`, `roder` or `terminal`. */
  host: string;
  /** Milliseconds since the epoch. */
  since: number;
  /** Whether the process that started it is still there. */
  alive: boolean;
}

export type KeySource =
  | { from: "local" }
  | { from: "environment" }
  | { from: "file"; path: string }
  /** `problem` says why the file cannot be used, when there is one. */
  | { from: "none"; path: string; problem?: string };

export interface ApiKeys {
  source(): Promise<KeySource>;
  /** Throws `unauthorized`, naming the sources tried. */
  current(): Secret;
  /** Rejects when the service does not accept the key, or cannot be asked. */
  check(key: Secret): Promise<void>;
  /** Stores it readable by its owner only. Answers the file. */
  store(key: Secret): Promise<string>;
  /** Whether there was one. */
  forget(): Promise<boolean>;
}

export interface LocalOptions {
  port: number;
  /** Path of a fault plan, or a seed for one. */
  faults?: string;
  /** Folder that keeps what is made. Default: nothing outlives the service. */
  state?: string;
  /** Called with one line a request. */
  onRequest: (line: LocalRequestLine) => void;
  /** Called once when the folder can no longer be written. */
  onProblem: (why: string) => void;
}

export interface LocalServer {
  origin: string;
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

/** Where things are on this machine. */
export interface Paths extends Readonly<InstallContext["paths"]> {
  readonly stateDir: string;
  readonly credentialsFile: string;
}

export interface Services extends InstallContext {
  /** The modes of this program that hosts start, for the help. */
  readonly hostModes: readonly { mode: string; summary: string }[];
  /** The hosts that `setup` and `doctor` know. */
  readonly installers: readonly HostInstaller[];
  readonly ambient: Ambient;
  readonly paths: Paths;
  /** Whether the service inside this process is used: nothing outlives the command. */
  readonly local: boolean;
  /** Address of the service, for people. Throws `invalid_input` for a setting that cannot be used. */
  readonly serviceAddress: () => string;
  /** The proxy that leads to the service. Throws `invalid_input` for a setting that cannot be used. */
  readonly proxy: () => ProxyRoute | undefined;
  /** `SEREN_BRIDGE_DEPLOYMENT`. */
  readonly deployment: string | undefined;
  readonly keys: ApiKeys;
  readonly redactor: Redactor;
  remote(): Promise<Remote>;
  /** What the journal of this machine lists, for this account. */
  inFlightRuns(): Promise<InFlightRun[]>;
  /** Calls the listener at every interrupt until the answered function is called; without listeners the program ends. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the program now. */
  leave(code: number): void;
  readonly writeFile: WriteFile;
  /** Serves the embedded Seren Cloud on loopback. Rejects when the port or the folder cannot be had, or the plan is malformed. */
  serveLocal(options: LocalOptions): Promise<LocalServer>;
}

export interface Context {
  readonly services: Services;
  readonly screen: Screen;
}
