/** Small notes that the processes of this machine share, in the state folder: of deployments, of conversations. */
import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { DeploymentNote, DeploymentNotes } from "../core/engine.ts";
import { Locks, writeFileAtomic } from "../state/index.ts";
import type { Ambient } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import { makeFolder } from "../support/make-folder.ts";
import { parseJson } from "../support/objects.ts";
import { readPlainFile } from "../support/plain-file.ts";
import type { Responsive } from "../support/responsive.ts";
import { pathFailure } from "../support/system-error.ts";
import { STATE_LAYOUT } from "./state-layout.ts";

const KEPT_MS = 24 * 60 * 60_000;
const MAX_NOTE_BYTES = 4096;
const NoteSchema = z.object({ id: z.string().min(1).max(200).optional(), at: z.number() });

export interface DiskNotesOptions {
  stateDir: string;
  /** Folder within the state folder. Default: that of deployments. */
  folder?: string;
  /** How long a note is kept, in milliseconds. Default: a day, by which time the service's lists have long caught up. */
  keptMs?: number;
  /** Identifies service and account. Asked for when a deployment is looked for. */
  account: () => string | Promise<string>;
  ambient: Ambient;
  log: Log;
  disk: Responsive;
}

/** A state folder that cannot be used costs the exclusion, never the run. */
export class DiskNotes implements DeploymentNotes {
  readonly #options: DiskNotesOptions;
  readonly #folder: string;
  readonly #locks: Locks;

  constructor(options: DiskNotesOptions) {
    this.#options = options;
    this.#folder = join(options.stateDir, options.folder ?? STATE_LAYOUT.deployments);
    this.#locks = new Locks(join(options.stateDir, STATE_LAYOUT.locks), options.ambient, options.disk);
  }

  async exclusively<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    let began = false;
    try {
      return await this.#locks.hold(await this.#keyOf(name), signal, () => {
        began = true;
        return work();
      });
    } catch (error) {
      if (began || signal.aborted) throw error;
      this.#unusable(error);
      return work();
    }
  }

  read(name: string): Promise<DeploymentNote | undefined> {
    return this.#use(name, async (path) => {
      const file = await readPlainFile(path, MAX_NOTE_BYTES);
      return NoteSchema.safeParse(parseJson(file?.bytes.toString() ?? "")).data;
    });
  }

  write(name: string, note: DeploymentNote): Promise<void> {
    return this.#use(name, async (path) => {
      await makeFolder(this.#folder);
      await this.#removeOld();
      await writeFileAtomic(path, JSON.stringify(note), { token: this.#options.ambient.uuid() });
    });
  }

  remove(name: string): Promise<void> {
    return this.#use(name, (path) => rm(path, { force: true }));
  }

  async close(): Promise<void> {
    await this.#locks.close().catch((error: unknown) => this.#unusable(error));
  }

  /** The one way to a note. Never rejects: without a key, or a disk that replies, there is none. */
  async #use<T>(name: string, work: (path: string) => Promise<T>): Promise<T | undefined> {
    try {
      const path = join(this.#folder, `${await this.#keyOf(name)}.json`);
      return await this.#options.disk.ask(() => work(path));
    } catch (error) {
      this.#unusable(error);
      return undefined;
    }
  }

  async #keyOf(name: string): Promise<string> {
    return createHash("sha256")
      .update(`${await this.#options.account()}\n${name}`)
      .digest("hex")
      .slice(0, 32);
  }

  async #removeOld(): Promise<void> {
    const before = this.#options.ambient.now() - (this.#options.keptMs ?? KEPT_MS);
    for (const file of await readdir(this.#folder)) {
      const path = join(this.#folder, file);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: before }));
      if (mtimeMs < before) await rm(path, { force: true });
    }
  }

  #unusable(error: unknown): void {
    const problem = pathFailure(this.#folder, "written", error).message;
    this.#options.log("debug", "nothing is noted: the state folder cannot be used", { problem });
  }
}
