/**
 * Mutual exclusion between the processes of a machine, by name: Lamport's bakery on small files. A process that wants the
 * lock writes a file, draws a ticket above all others, and waits for those with a lower one. The file of a process that has
 * died counts for nothing, however it died, so no lock is ever left behind.
 */
import * as z from "zod";
import { type Ambient, sleep } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";
import { parseJson } from "../support/objects.ts";
import type { Responsive } from "../support/responsive.ts";
import { OwnedFiles } from "./owned-files.ts";
import type { OwnerState } from "./owner.ts";

const POLL_MS = 100;
const RELEASE_AGAIN_MS = 5_000;
/** One that draws its ticket for longer than this is taken for the holder by those that do not wait for a lock. */
const DRAWING_MS = 5_000;
/** The file of an owner whose death could not be seen from here (another machine, another container) is not waited for longer. */
const FORGOTTEN_AFTER_MS = 3 * 60_000;

/** `ticket` is absent while it is being drawn. */
const WishSchema = z.object({ lock: z.string(), at: z.number(), ticket: z.number().optional() });
type Wish = z.output<typeof WishSchema> & { name: string; owner: OwnerState };

/** A lock that is held, or who has it: `alive`, or `unknown` when that cannot be seen from here. */
export type Attempt = { release: () => Promise<void> } | { holder: "alive" | "unknown" };

export class Locks {
  readonly #files: OwnedFiles;
  readonly #ambient: Ambient;

  /** `root` is a folder that the processes share and that holds nothing else. */
  constructor(root: string, ambient: Ambient, disk?: Responsive) {
    this.#files = new OwnedFiles(root, ambient, disk);
    this.#ambient = ambient;
  }

  /**
   * Runs `work` while no other process does under the same lock. `lock` consists of letters, digits and `-`. Rejects as
   * `work` does, with the signal's reason while it waits, and with the system's error where the folder cannot be used.
   */
  async hold<T>(lock: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const release = await this.#acquire(lock, signal);
    try {
      return await work();
    } finally {
      await release();
    }
  }

  /**
   * Takes the lock for as long as this process lives, without waiting for another that has it. An owner whose death cannot be
   * seen keeps it for ever. Rejects where the file system has no sockets, because nobody could see the end of this process.
   */
  async tryHold(lock: string): Promise<Attempt> {
    const name = `${lock}-${this.#ambient.uuid()}`;
    const release = () => this.#release(name);
    try {
      const mine = await this.#draw(lock, name);
      if (!(await this.#files.isHeard()))
        throw new ExecutionFailure("invalid_input", "no socket can be made in it; choose another folder");
      const until = this.#ambient.now() + DRAWING_MS;
      for (;;) {
        const others = (await this.#wishes(lock, Number.NEGATIVE_INFINITY)).filter((other) => other.name !== name);
        const before = others.filter((other) => other.owner === "unknown" || isBefore(other, mine));
        const holder = before.find(({ owner, ticket }) => owner === "unknown" || ticket !== undefined);
        const isLate = this.#ambient.now() >= until;
        if (before.length === 0) return { release };
        if (holder || isLate) {
          await release();
          return { holder: holder?.owner === "unknown" ? "unknown" : "alive" };
        }
        await sleep(this.#ambient, POLL_MS);
      }
    } catch (error) {
      await release();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  /** Returns what gives the lock back. */
  async #acquire(lock: string, signal: AbortSignal): Promise<() => Promise<void>> {
    signal.throwIfAborted();
    const name = `${lock}-${this.#ambient.uuid()}`;
    const release = () => this.#release(name);
    try {
      const mine = await this.#draw(lock, name);
      while ((await this.#wishes(lock)).some((other) => other.name !== name && isBefore(other, mine)))
        await sleep(this.#ambient, POLL_MS, signal);
      return release;
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Writes a wish with a ticket above those of all others. */
  async #draw(lock: string, name: string): Promise<{ name: string; ticket: number }> {
    const wish = { lock, at: this.#ambient.now() };
    await this.#files.put(name, JSON.stringify(wish)); // others wait until the ticket is drawn
    await this.#removeDead();
    const tickets = (await this.#wishes(lock)).map(({ ticket = 0 }) => ticket);
    const ticket = Math.max(0, ...tickets) + 1;
    await this.#files.put(name, JSON.stringify({ ...wish, ticket }));
    return { name, ticket };
  }

  /** A file that stays would keep all others waiting: a disk that does not reply now may write it later. */
  async #release(name: string): Promise<void> {
    try {
      await this.#files.remove(name);
    } catch {
      this.#ambient.timer(RELEASE_AGAIN_MS, () => void this.#release(name), { unref: true });
    }
  }

  /** `since`: those of unknown owners count from this time on. */
  async #wishes(lock: string, since = this.#ambient.now() - FORGOTTEN_AFTER_MS): Promise<Wish[]> {
    const files = await this.#files.list();
    return files.flatMap(({ name, text, owner }) => {
      const wish = WishSchema.safeParse(parseJson(text)).data;
      if (wish?.lock !== lock) return [];
      return owner === "alive" || (owner === "unknown" && wish.at > since) ? { ...wish, name, owner } : [];
    });
  }

  async #removeDead(): Promise<void> {
    for (const { name } of await this.#files.takeOrphans(() => true)) await this.#files.remove(name);
  }
}

function isBefore({ name, ticket }: Wish, mine: { name: string; ticket: number }): boolean {
  if (ticket === undefined || ticket < mine.ticket) return true;
  return ticket === mine.ticket && name < mine.name;
}
