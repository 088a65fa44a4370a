/** What the processes of this machine know of the deployments they make, in the state folder. */
import { createHash } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { DeploymentNote, DeploymentNotes } from "../core/engine.ts";
import { Locks, writeFileAtomic } from "../state/index.ts";
import type { Ambient } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import { parseJson } from "../support/objects.ts";
import { readPlainFile } from "../support/plain-file.ts";

/** The service's lists have long caught up by then. */
const KEPT_MS = 24 * 60 * 60_000;
const MAX_NOTE_BYTES = 4096;
const NoteSchema = z.object({ id: z.string().min(1).max(200).optional(), at: z.number() });

export interface DiskNotesOptions {
  stateDir: string;
  /** Identifies service and account. Asked for when a deployment is looked for. */
  account: () => string;
  ambient: Ambient;
  log: Log;
}

/** A state folder that cannot be used costs the exclusion, never the run. */
export class DiskNotes implements DeploymentNotes {
  readonly #options: DiskNotesOptions;
  readonly #folder: string;
  readonly #locks: Locks;

  constructor(options: DiskNotesOptions) {
    this.#options = options;
    this.#folder = join(options.stateDir, "deployments");
    this.#locks = new Locks(join(options.stateDir, "locks"), options.ambient);
  }

  async exclusively<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    let began = false;
    try {
      return await this.#locks.hold(this.#keyOf(name), signal, () => {
        began = true;
        return work();
      });
    } catch (error) {
      if (began || signal.aborted) throw error;
      this.#unusable(error);
      return work();
    }
  }

  async read(name: string): Promise<DeploymentNote | undefined> {
    const file = await readPlainFile(this.#pathOf(name), MAX_NOTE_BYTES).catch(() => undefined);
    return NoteSchema.safeParse(parseJson(file?.bytes.toString() ?? "")).data;
  }

  async write(name: string, note: DeploymentNote): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#removeOld();
      await writeFileAtomic(this.#pathOf(name), JSON.stringify(note), { token: this.#options.ambient.uuid() });
    } catch (error) {
      this.#unusable(error);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#pathOf(name), { force: true }).catch((error: unknown) => this.#unusable(error));
  }

  close(): Promise<void> {
    return this.#locks.close();
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${this.#keyOf(name)}.json`);
  }

  #keyOf(name: string): string {
    return createHash("sha256").update(`${this.#options.account()}\n${name}`).digest("hex").slice(0, 32);
  }

  async #removeOld(): Promise<void> {
    const before = this.#options.ambient.now() - KEPT_MS;
    for (const file of await readdir(this.#folder)) {
      const path = join(this.#folder, file);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: before }));
      if (mtimeMs < before) await rm(path, { force: true });
    }
  }

  #unusable(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    this.#options.log("debug", "deployments are not noted: the state folder cannot be used", { problem });
  }
}
