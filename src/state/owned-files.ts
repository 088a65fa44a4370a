/**
 * Small files of this machine's processes: one folder per process with `owner.json` and the process's files. Files of a
 * dead process are taken over by renaming them into the own folder, at which exactly one process succeeds.
 */
import { mkdir, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import * as z from "zod";
import type { Ambient } from "../support/ambient.ts";
import { lazy } from "../support/lazy.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { aliveAddress, isAlive, machineId, showAlive } from "./owner.ts";

const OWNER_FILE = "owner.json";
const OwnerSchema = z.object({ v: z.literal(1), machine: z.string(), address: z.string() });
type Owner = z.output<typeof OwnerSchema>;
const SUFFIX = ".entry";
/** A folder without an owner file after this long belongs to a process that died while creating it. */
const RUIN_AFTER_MS = 24 * 60 * 60_000;

export interface OwnedFile {
  name: string;
  text: string;
}

export class OwnedFiles {
  readonly #root: string;
  readonly #ambient: Ambient;
  readonly #id: string;
  readonly #machine = machineId();
  readonly #folder: () => Promise<string>;
  #alive: Server | undefined;

  /** `root` is created at the first write. Names consist of letters, digits and `-`. */
  constructor(root: string, ambient: Ambient) {
    this.#root = root;
    this.#ambient = ambient;
    this.#id = ambient.uuid();
    this.#folder = lazy(() => this.#makeFolder());
  }

  /** Durable when it resolves. */
  async put(name: string, text: string): Promise<void> {
    await writeFileAtomic(join(await this.#folder(), name + SUFFIX), text, { token: this.#ambient.uuid() });
  }

  async remove(name: string): Promise<void> {
    await rm(join(await this.#folder(), name + SUFFIX), { force: true });
  }

  /** Takes over the files of this machine's dead processes that `wanted` accepts, and returns them. */
  async takeOrphans(wanted: (text: string) => boolean): Promise<OwnedFile[]> {
    const taken: OwnedFile[] = [];
    for (const { folder, owner, own } of await this.#owners()) {
      if (own || owner.machine !== this.#machine || (await isAlive(owner.address))) continue;
      for (const file of await readEntries(folder)) {
        if (!wanted(file.text)) continue;
        try {
          await rename(join(folder, file.name + SUFFIX), join(await this.#folder(), file.name + SUFFIX));
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

  /** All files, with whether the owner of each is alive. Files of other machines count as alive. */
  async list(): Promise<(OwnedFile & { alive: boolean })[]> {
    const all: (OwnedFile & { alive: boolean })[] = [];
    for (const { folder, owner, own } of await this.#owners()) {
      const alive = own || owner.machine !== this.#machine || (await isAlive(owner.address));
      for (const file of await readEntries(folder)) all.push({ ...file, alive });
    }
    return all;
  }

  /** Removes the folder when it holds no file of this process any more. */
  async close(): Promise<void> {
    if (!this.#alive) return;
    await removeIfEmpty(await this.#folder());
    this.#alive.close();
  }

  async #makeFolder(): Promise<string> {
    const folder = join(this.#root, this.#id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const address = aliveAddress(folder, this.#id);
    this.#alive = await showAlive(address); // before the first file, so that an owner file implies a living owner
    const owner: Owner = { v: 1, machine: this.#machine, address };
    await writeFileAtomic(join(folder, OWNER_FILE), JSON.stringify(owner), { token: this.#ambient.uuid() });
    return folder;
  }

  async #removeRuins(): Promise<void> {
    const before = this.#ambient.now() - RUIN_AFTER_MS;
    for (const id of await readdir(this.#root).catch(() => [])) {
      const folder = join(this.#root, id);
      if (!(await readOwner(folder)) && (await isOlder(folder, before))) await removeIfEmpty(folder);
    }
  }

  async #owners(): Promise<{ folder: string; owner: Owner; own: boolean }[]> {
    const owners: { folder: string; owner: Owner; own: boolean }[] = [];
    for (const id of await readdir(this.#root).catch(() => [])) {
      const folder = join(this.#root, id);
      const owner = await readOwner(folder);
      if (owner) owners.push({ folder, owner, own: id === this.#id });
    }
    return owners;
  }
}

async function readOwner(folder: string): Promise<Owner | undefined> {
  try {
    return OwnerSchema.safeParse(JSON.parse(await readFile(join(folder, OWNER_FILE), "utf8"))).data;
  } catch {
    return undefined;
  }
}

async function readEntries(folder: string): Promise<OwnedFile[]> {
  const entries: OwnedFile[] = [];
  for (const file of await readdir(folder).catch(() => [])) {
    if (!file.endsWith(SUFFIX)) continue;
    try {
      entries.push({ name: file.slice(0, -SUFFIX.length), text: await readFile(join(folder, file), "utf8") });
    } catch {
      // removed by another process
    }
  }
  return entries;
}

async function isOlder(path: string, time: number): Promise<boolean> {
  try {
    return (await stat(path)).mtimeMs < time;
  } catch {
    return false; // removed by another process
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  const left = await readdir(folder).catch(() => undefined);
  if (!left || left.some((name) => name.endsWith(SUFFIX))) return;
  for (const name of left) await rm(join(folder, name), { force: true });
  await rmdir(folder).catch(() => undefined);
}
