/**
 * Things that are done once by all processes of a machine: the first that makes the file does it. Making it is one call that
 * returns before anything else happens in this process, so that a process that is killed has claimed and done, or neither.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Ambient } from "../support/ambient.ts";
import { makeFolder } from "../support/make-folder.ts";
import type { Responsive } from "../support/responsive.ts";
import { systemCode } from "../support/system-error.ts";

/** What happened then is done with for every process. */
const KEPT_MS = 30 * 24 * 60 * 60_000;

export class Claims {
  readonly #folder: string;
  readonly #ambient: Ambient;
  readonly #disk: Responsive;
  #hasTidied = false;

  constructor(folder: string, ambient: Ambient, disk: Responsive) {
    this.#folder = folder;
    this.#ambient = ambient;
    this.#disk = disk;
  }

  /** Resolves with whether the disk replies and the folder is there. Never rejects. */
  async ready(): Promise<boolean> {
    try {
      await this.#disk.ask(() => makeFolder(this.#folder));
      if (!this.#hasTidied) void this.#disk.ask(() => this.#tidy()).catch(() => undefined);
      this.#hasTidied = true;
      return true;
    } catch {
      return false;
    }
  }

  /** Returns whether nobody has claimed the name before. To be called right after `ready`. */
  claim(name: string): boolean {
    const file = createHash("sha256").update(name).digest("hex").slice(0, 40);
    try {
      closeSync(openSync(join(this.#folder, file), "wx", 0o600));
      return true;
    } catch (error) {
      return systemCode(error) !== "EEXIST"; // a disk that is full: better told twice than not at all
    }
  }

  async #tidy(): Promise<void> {
    const before = this.#ambient.now() - KEPT_MS;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
      if (mtimeMs < before) await rm(path, { force: true });
    }
  }
}
