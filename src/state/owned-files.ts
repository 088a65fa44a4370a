/**
 * Small files of this machine's processes: one folder per process with `owner.json` and the process's files. Files of a
 * dead process are taken over by renaming them into the own folder, at which exactly one process succeeds.
 */
import { lstat, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Ambient } from "../support/ambient.ts";
import { asFailure } from "../support/failure.ts";
import { makeFolder } from "../support/make-folder.ts";
import { readPlainFile } from "../support/plain-file.ts";
import type { Responsive } from "../support/responsive.ts";
import { pathFailure, systemCode } from "../support/system-error.ts";
import type { AliveSocket } from "./alive-socket.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { hasOwner, type OwnerState, own, ownerState } from "./owner.ts";
import { stateDisk } from "./state-disk.ts";

const SUFFIX = ".entry";
const MAX_ENTRY_BYTES = 64 * 1024;
/** Nothing waits for it, and what it has taken would be forgotten if it was given up. */
const TAKING_LIMIT_MS = 60_000;
/** A folder without an owner file after this long belongs to a process that died while creating it. */
const RUIN_AFTER_MS = 24 * 60 * 60_000;

export interface OwnedFile {
  name: string;
  text: string;
}

/** The folder of this process. */
interface Home {
  folder: string;
  socket: AliveSocket | undefined;
}

export class OwnedFiles {
  readonly #root: string;
  readonly #ambient: Ambient;
  readonly #disk: Responsive;
  #home: Promise<Home> | undefined;

  /** `root` is created at the first write. Names consist of letters, digits and `-`. */
  constructor(root: string, ambient: Ambient, disk = stateDisk(root, ambient)) {
    this.#root = root;
    this.#ambient = ambient;
    this.#disk = disk;
  }

  /** Durable when it resolves. Like everything here, it rejects when the disk does not reply. */
  put(name: string, text: string): Promise<void> {
    return this.#disk.ask(() => this.#put(name, text));
  }

  remove(name: string): Promise<void> {
    return this.#disk.ask(() => this.#remove(name));
  }

  /** Takes over the files of this machine's dead processes that `wanted` accepts, and returns them. */
  takeOrphans(wanted: (text: string) => boolean): Promise<OwnedFile[]> {
    return this.#disk.ask(() => this.#takeOrphans(wanted), TAKING_LIMIT_MS);
  }

  /** All files, with what is known of the owner of each. */
  list(): Promise<(OwnedFile & { owner: OwnerState })[]> {
    return this.#disk.ask(() => this.#list());
  }

  /** Whether other processes can see that this one lives. To be asked after a write. */
  async isHeard(): Promise<boolean> {
    return (await this.#home)?.socket !== undefined;
  }

  /** Removes the folder when it holds no file of this process any more. Otherwise the socket tells of the process's end. */
  close(): Promise<void> {
    return this.#disk.ask(() => this.#close());
  }

  async #put(name: string, text: string): Promise<void> {
    const home = await this.#openHome();
    try {
      await this.#write(home, name, text);
    } catch (error) {
      if (systemCode(asFailure(error).cause) !== "ENOENT") throw error;
      // It was removed, or moved with what it holds: then its socket goes on telling that this process lives.
      if ((await this.#home) === home) this.#home = undefined;
      await this.#write(await this.#openHome(), name, text);
    }
  }

  async #remove(name: string): Promise<void> {
    if (!this.#home) return;
    const { folder } = await this.#home;
    const path = join(folder, name + SUFFIX);
    await unlink(path).catch((error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw pathFailure(path, "removed", error);
    });
  }

  async #takeOrphans(wanted: (text: string) => boolean): Promise<OwnedFile[]> {
    const taken: OwnedFile[] = [];
    for (const folder of await this.#foreignFolders()) {
      if ((await ownerState(folder, this.#ambient.now())) !== "dead") continue;
      for (const file of await readEntries(folder)) {
        if (!wanted(file.text)) continue;
        const home = await this.#openHome();
        try {
          await rename(join(folder, file.name + SUFFIX), join(home.folder, file.name + SUFFIX));
          taken.push(file);
        } catch {
          // another process was faster
        }
      }
      await removeIfEmpty(folder);
    }
    await this.#removeRuins();
    return taken;
  }

  async #list(): Promise<(OwnedFile & { owner: OwnerState })[]> {
    const all: (OwnedFile & { owner: OwnerState })[] = [];
    const own = (await this.#home?.catch(() => undefined))?.folder;
    if (own !== undefined) for (const file of await readEntries(own)) all.push({ ...file, owner: "alive" });
    for (const folder of await this.#foreignFolders()) {
      const files = await readEntries(folder);
      if (files.length === 0) continue;
      const owner = await ownerState(folder, this.#ambient.now());
      for (const file of files) all.push({ ...file, owner });
    }
    return all;
  }

  async #close(): Promise<void> {
    const home = await this.#home?.catch(() => undefined);
    if (!home || !(await removeIfEmpty(home.folder))) return;
    this.#home = undefined;
    await home.socket?.close();
  }

  /** A failed attempt is repeated at the next call: a disk that was full may have room again. */
  #openHome(): Promise<Home> {
    this.#home ??= this.#makeHome().catch((error: unknown) => {
      this.#home = undefined;
      throw error;
    });
    return this.#home;
  }

  /** Each attempt has an id of its own, so that nothing of a failed one is in the way. */
  async #makeHome(): Promise<Home> {
    const id = this.#ambient.uuid();
    const folder = join(this.#root, id);
    await makeFolder(folder);
    try {
      return { folder, socket: await own(folder, id, this.#ambient.now()) };
    } catch (error) {
      await removeIfEmpty(folder);
      throw pathFailure(folder, "written", error);
    }
  }

  async #write({ folder }: Home, name: string, text: string): Promise<void> {
    const path = join(folder, name + SUFFIX);
    await writeFileAtomic(path, text, { token: this.#ambient.uuid() }).catch((error: unknown) => {
      throw pathFailure(path, "written", error);
    });
  }

  async #removeRuins(): Promise<void> {
    const before = this.#ambient.now() - RUIN_AFTER_MS;
    for (const folder of await this.#foreignFolders()) {
      if ((await isOlder(folder, before)) && !(await hasOwner(folder))) await removeIfEmpty(folder);
    }
  }

  async #foreignFolders(): Promise<string[]> {
    const own = (await this.#home?.catch(() => undefined))?.folder;
    return (await this.#folders()).filter((folder) => folder !== own);
  }

  /** Real folders only: what a link leads to is not ours to read or to remove. */
  async #folders(): Promise<string[]> {
    const entries = await readdir(this.#root, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(this.#root, name));
  }
}

/** Regular files only. */
async function readEntries(folder: string): Promise<OwnedFile[]> {
  const entries: OwnedFile[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile() || !entry.name.endsWith(SUFFIX)) continue;
    // Undefined: removed by another process, or not readable by this one.
    const file = await readPlainFile(join(folder, entry.name), MAX_ENTRY_BYTES).catch(() => undefined);
    if (file) entries.push({ name: entry.name.slice(0, -SUFFIX.length), text: file.bytes.toString("utf8") });
  }
  return entries;
}

async function isOlder(path: string, time: number): Promise<boolean> {
  try {
    return (await lstat(path)).mtimeMs < time;
  } catch {
    return false; // removed by another process
  }
}

/** Resolves with whether nothing that matters is left. */
async function removeIfEmpty(folder: string): Promise<boolean> {
  const left = await readdir(folder).catch(() => []);
  if (left.some((name) => name.endsWith(SUFFIX))) return false;
  for (const name of left) await rm(join(folder, name), { force: true }).catch(() => undefined);
  await rmdir(folder).catch(() => undefined);
  return true;
}
