/**
 * State in a folder that only its owner can read, with one file for each deployment, bundle and run. A deployment's file
 * holds neither the values of its secrets nor its assets: the service does not read them after it has accepted them.
 * API keys are not kept. Files are written synchronously: what a caller has received is on disk.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ExecutionFailure } from "../../support/failure.ts";
import { readPlainFileSync } from "../../support/plain-file.ts";
import { pathFailure, systemReason } from "../../support/system-error.ts";
import type { CloudStore, StoredBundle, StoredDeployment, StoredState } from "../model/cloud-store.ts";
import type { Deployment } from "../model/deployments.ts";
import type { Run, RunWriter } from "../model/run.ts";
import { type BundleFile, BundleFileSchema, type DeploymentFile, DeploymentFileSchema } from "./file-schemas.ts";
import { MAX_FILE_BYTES, RunFile, readRunFile } from "./run-file.ts";

const JSON_FILE = /^[0-9a-f-]{36}\.json$/;
const RUN_FILE = /^[0-9a-f-]{36}\.jsonl$/;

export interface FolderOptions {
  path: string;
  /** Called at the first write that fails. From then on the folder no longer holds the whole state. */
  onProblem: (reason: string) => void;
}

export class StateFolder implements CloudStore {
  readonly #deployments: string;
  readonly #bundles: string;
  readonly #runs: string;
  readonly #onProblem: (reason: string) => void;
  #failed = false;

  /** Throws an `ExecutionFailure` (`invalid_input`) when the folder cannot be created or used. */
  constructor({ path, onProblem }: FolderOptions) {
    this.#onProblem = onProblem;
    this.#deployments = join(path, "deployments");
    this.#bundles = join(path, "bundles");
    this.#runs = join(path, "runs");
    try {
      for (const folder of [path, this.#deployments, this.#bundles, this.#runs]) {
        makeOwnFolder(folder, folder !== path);
      }
    } catch (error) {
      const { message } = pathFailure(path, "written", error);
      throw new ExecutionFailure("invalid_input", `the state folder ${path} cannot be used: ${message}`, {
        cause: error,
      });
    }
  }

  load(): StoredState {
    const runs = this.#readable(this.#runs, RUN_FILE, readRunFile).sort((a, b) => a.createdAt - b.createdAt);
    const deployments = this.#readable(this.#deployments, JSON_FILE, readDeployment);
    const needed = new Set(runs.map(({ deploymentId }) => deploymentId));
    for (const { deployment, deleted } of deployments) {
      if (deleted && !needed.has(deployment.id)) this.#remove(this.#deployments, `${deployment.id}.json`);
    }
    return {
      deployments: deployments
        .filter(({ deployment, deleted }) => !deleted || needed.has(deployment.id))
        .sort((a, b) => a.deployment.createdAt - b.deployment.createdAt),
      bundles: this.#readable(this.#bundles, JSON_FILE, readBundle),
      runs,
    };
  }

  saveDeployment({ deployment, deleted }: StoredDeployment): void {
    const { id, name, createdAt, readyAt, updatedAt, codeHash, buildError, stopped } = deployment;
    const file: DeploymentFile = {
      v: 1,
      id,
      name,
      body: withoutSecrets(deployment.body),
      created_at: createdAt,
      ready_at: readyAt,
      updated_at: updatedAt,
      code_hash: codeHash,
      ...(buildError === undefined ? {} : { build_error: buildError }),
      stopped,
      deleted,
    };
    this.#replace(this.#deployments, `${id}.json`, file);
  }

  saveBundle({ id, sha256, sizeBytes, createdAt, uploadedAt }: StoredBundle): void {
    const file: BundleFile = {
      v: 1,
      id,
      sha256,
      size_bytes: sizeBytes,
      created_at: createdAt,
      uploaded_at: uploadedAt,
    };
    this.#replace(this.#bundles, `${id}.json`, file);
  }

  runWriter(run: Run): RunWriter {
    return new RunFile(join(this.#runs, `${run.id}.jsonl`), run, (write) => this.#guard(write));
  }

  deleteRun(run: Run): void {
    this.#remove(this.#runs, `${run.id}.jsonl`);
  }

  #replace(folder: string, name: string, value: object): void {
    this.#guard(() => {
      const temporary = join(folder, `${name}.tmp`);
      const file = openSync(temporary, "w", 0o600);
      try {
        writeFileSync(file, JSON.stringify(value)); // unlike writeSync, all of it or an error
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, join(folder, name));
    });
  }

  #remove(folder: string, name: string): void {
    this.#guard(() => rmSync(join(folder, name), { force: true }));
  }

  #guard(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!this.#failed) this.#onProblem(systemReason(error));
      this.#failed = true;
    }
  }

  /** Returns what can be read from the folder's files. Files that cannot be read or do not fit are left alone. */
  #readable<T>(folder: string, names: RegExp, read: (path: string) => T | undefined): T[] {
    return readdirSync(folder)
      .filter((name) => names.test(name))
      .flatMap((name) => {
        try {
          const value = read(join(folder, name));
          return value === undefined ? [] : [value];
        } catch {
          return [];
        }
      });
  }
}

/** Not through a link: what it leads to is not ours to read, nor to change. The folder above exists. */
function makeOwnFolder(path: string, isInside: boolean): void {
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
  if (!isInside) return;
  if (!lstatSync(path).isDirectory())
    throw new ExecutionFailure("invalid_input", `${path} is not a folder; move it away`);
  chmodSync(path, 0o700);
}

function readDeployment(path: string): StoredDeployment | undefined {
  const file = DeploymentFileSchema.safeParse(
    JSON.parse(readPlainFileSync(path, MAX_FILE_BYTES)?.bytes.toString("utf8") ?? ""),
  ).data;
  if (!file) return undefined;
  const deployment: Deployment = {
    id: file.id,
    name: file.name,
    body: file.body,
    createdAt: file.created_at,
    readyAt: file.ready_at,
    codeHash: file.code_hash,
    ...(file.build_error === undefined ? {} : { buildError: file.build_error }),
    updatedAt: file.updated_at,
    stopped: file.stopped,
    turns: new Map(),
  };
  return { deployment, deleted: file.deleted };
}

function readBundle(path: string): StoredBundle | undefined {
  const file = BundleFileSchema.safeParse(
    JSON.parse(readPlainFileSync(path, MAX_FILE_BYTES)?.bytes.toString("utf8") ?? ""),
  ).data;
  if (!file) return undefined;
  const { id, sha256, size_bytes: sizeBytes, created_at: createdAt, uploaded_at: uploadedAt } = file;
  return { id, sha256, sizeBytes, createdAt, uploadedAt };
}

function withoutSecrets(body: Deployment["body"]): Deployment["body"] {
  const { secrets: _, ...workload } = body.workload;
  const { execution } = workload;
  if (execution.type === "code") return { ...body, workload };
  const { assets: __, ...bundle } = execution.bundle;
  return { ...body, workload: { ...workload, execution: { ...execution, bundle } } };
}
