/**
 * The folder of a batch, beside its results:
 *
 *     results.jsonl.batch/rows.jsonl    what is run: settings on the first line, then a row a line; written once
 *     results.jsonl.batch/notes.jsonl   what has happened to each row; lines are only ever added
 *     results.jsonl.batch/lock/         which process works on it
 *
 * The results themselves are written in the order of the rows, from the notes, and anew by each process.
 */
import { constants, type FileHandle, lstat, open, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import {
  type BatchFolder,
  type BatchPlan,
  type BatchResult,
  BatchResultSchema,
} from "../../../adapters/terminal/index.ts";
import { RowStates } from "../../../core/engine.ts";
import type { BatchLine } from "../../../core/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { parseJson } from "../../../support/objects.ts";
import { notAFile } from "../../../support/plain-file.ts";
import type { Responsive } from "../../../support/responsive.ts";
import { pathFailure } from "../../../support/system-error.ts";
import { JITLESS } from "../../../support/zod.ts";
import { lockBatch } from "./batch-lock.ts";

/** Some hundred megabytes take longer than a small file. */
export const LARGE_WORK_MS = 60_000;
const READ_BYTES = 1024 * 1024;
const LINE_FEED = 10;
/** Each line goes to the end, so that the size tells whether anybody else wrote or cut. */
const EMPTIED = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;
/** Answers may hold what only their owner should see. */
const OWNER_ONLY = 0o600;

const LineSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("begun"),
    row: z.int(),
    begun: z.object({
      requestId: z.string(),
      deploymentId: z.string(),
      runId: z.string().optional(),
      since: z.number(),
    }),
    conversationId: z.string(),
  }),
  z.object({ kind: z.literal("refused"), row: z.int() }),
  z.object({ kind: z.literal("ended"), row: z.int(), result: BatchResultSchema }),
]);

type Line = BatchLine<BatchResult>;

interface DiskBatchOptions {
  results: string;
  folder: string;
  ambient: Ambient;
  disk: Responsive;
}

/** A line that waits to be written. */
interface Waiting {
  line: Line;
  written: () => void;
  failed: (error: unknown) => void;
}

export class DiskBatch implements BatchFolder {
  readonly folder: string;
  readonly plan: BatchPlan;
  readonly states = new RowStates();
  readonly earlier: Pick<BatchResult, "outcome" | "usage">[] = [];
  readonly #results: string;
  readonly #disk: Responsive;
  readonly #notes: FileHandle;
  readonly #out: FileHandle;
  readonly #unlock: () => Promise<void>;
  /** Where the result of a row is in the notes, as long as it is not among the results. */
  readonly #places = new Map<number, { at: number; bytes: number }>();
  #size = 0;
  #nextResult = 0;
  /** Bytes of the results. */
  #written = 0;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /** `readPlan` is called once nobody else works on it. */
  static async open(options: DiskBatchOptions, readPlan: () => Promise<BatchPlan>): Promise<DiskBatch> {
    const { results, folder, ambient, disk } = options;
    const unlock = await lockBatch(folder, ambient, disk);
    try {
      const plan = await readPlan();
      const notes = await disk.ask(() => openFile(join(folder, "notes.jsonl"), "a+", OWNER_ONLY));
      const out = await disk.ask(async () => {
        const stats = await lstat(results).catch(() => undefined);
        if (stats && !stats.isFile()) throw notAFile(results, "written", stats);
        return openFile(results, EMPTIED, OWNER_ONLY);
      });
      const batch = new DiskBatch({ ...options, plan }, notes, out, unlock);
      await disk.ask(() => batch.#readNotes(), LARGE_WORK_MS);
      await disk.ask(() => batch.#writeResults(), LARGE_WORK_MS);
      return batch;
    } catch (error) {
      await unlock();
      await removeIfUnused(folder);
      throw error;
    }
  }

  private constructor(
    { results, folder, plan, disk }: DiskBatchOptions & { plan: BatchPlan },
    notes: FileHandle,
    out: FileHandle,
    unlock: () => Promise<void>,
  ) {
    this.#results = results;
    this.folder = folder;
    this.plan = plan;
    this.#disk = disk;
    this.#notes = notes;
    this.#out = out;
    this.#unlock = unlock;
  }

  append(line: Line): Promise<void> {
    return new Promise((written, failed) => {
      this.#waiting.push({ line, written, failed });
      this.#writing ??= this.#writeAll();
    });
  }

  async finish(): Promise<void> {
    await this.#writing;
    await this.#disk.ask(async () => {
      await this.#out.sync();
      await this.#requireResults();
      await rm(this.folder, { recursive: true, force: true });
    });
  }

  /** Rejects where the results are not what was written: the notes then hold the only ones. */
  async #requireResults(): Promise<void> {
    const [there, ours] = await Promise.all([
      lstat(this.#results, { bigint: true }).catch(() => undefined),
      this.#out.stat({ bigint: true }),
    ]);
    if (there?.ino === ours.ino && ours.size === BigInt(this.#written)) return;
    throw new ExecutionFailure(
      "conflict",
      `${this.#results} was moved, removed or changed while the batch worked. Its results are kept in ${this.folder}; write them anew: seren-bridge batch --resume --out ${this.#results}`,
    );
  }

  async close(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    for (const file of [this.#notes, this.#out]) await file.close().catch(() => undefined);
    await this.#unlock().catch(() => undefined);
  }

  /** Lines that come while others are written are written together. Never rejects. */
  async #writeAll(): Promise<void> {
    for (;;) {
      const group = this.#waiting.splice(0);
      if (group.length === 0) {
        this.#writing = undefined; // at once: a line that comes a moment later begins another writing
        return;
      }
      try {
        await this.#disk.ask(() => this.#write(group.map(({ line }) => line)), LARGE_WORK_MS);
        for (const { written } of group) written();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
  }

  async #write(lines: readonly Line[]): Promise<void> {
    const texts = lines.map((line) => Buffer.from(`${JSON.stringify(line)}\n`));
    try {
      // The line break before it ends a line that a crash has cut.
      await this.#notes.appendFile(Buffer.concat([Buffer.from("\n"), ...texts]));
      await this.#notes.datasync();
    } catch (error) {
      this.#size = (await this.#notes.stat()).size; // a part of it may be there
      throw pathFailure(join(this.folder, "notes.jsonl"), "written", error);
    }
    let at = this.#size + 1;
    lines.forEach((line, index) => {
      const bytes = texts[index]?.length ?? 0;
      if (line.kind === "ended") this.#places.set(line.row, { at, bytes });
      at += bytes;
    });
    this.#size = at;
    await this.#writeResults();
  }

  /** Writes the results that are next in the order of the rows. */
  async #writeResults(): Promise<void> {
    for (;;) {
      const place = this.#places.get(this.#nextResult);
      if (!place) return;
      const { buffer } = await this.#notes.read(Buffer.alloc(place.bytes), 0, place.bytes, place.at);
      const { result } = JSON.parse(buffer.toString("utf8"));
      const line = Buffer.from(`${JSON.stringify(result)}\n`);
      await this.#out.appendFile(line).catch((error: unknown) => {
        throw pathFailure(this.#results, "written", error);
      });
      this.#written += line.length;
      this.#places.delete(this.#nextResult);
      this.#nextResult += 1;
    }
  }

  async #readNotes(): Promise<void> {
    let rest = Buffer.alloc(0);
    let at = 0; // of `rest`
    const chunk = Buffer.alloc(READ_BYTES);
    for (let position = 0; ; ) {
      const { bytesRead } = await this.#notes.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED, start)) {
        this.#readLine(rest.subarray(start, end), at + start);
        start = end + 1;
      }
      at += start;
      rest = rest.subarray(start);
    }
    this.#size = at + rest.length;
  }

  /** A line that a crash has cut is none. */
  #readLine(bytes: Buffer, at: number): void {
    if (bytes.length === 0) return;
    const line = LineSchema.safeParse(parseJson(bytes.toString("utf8")), JITLESS).data as Line | undefined;
    if (!line || this.plan.rows[line.row] === undefined) return;
    if (line.kind === "ended") {
      if (this.states.get(line.row)?.kind === "ended") return;
      const { outcome, usage } = line.result;
      this.earlier.push({ outcome, ...(usage ? { usage } : {}) });
      this.#places.set(line.row, { at, bytes: bytes.length });
    }
    this.states.note(line);
  }
}

/** Without rows there is no batch. What another process has in it stays. */
async function removeIfUnused(folder: string): Promise<void> {
  for (const path of [join(folder, "lock"), folder]) await rmdir(path).catch(() => undefined);
}

async function openFile(path: string, flags: string | number, mode: number): Promise<FileHandle> {
  return open(path, flags, mode).catch((error: unknown) => {
    throw pathFailure(path, "written", error);
  });
}
