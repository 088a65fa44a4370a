/**
 * The folder of a batch, beside its results:
 *
 *     results.jsonl.batch/rows.jsonl    what is run: settings on the first line, then a row a line; written once
 *     results.jsonl.batch/notes.jsonl   what has happened to each row; lines are only ever added
 *     results.jsonl.batch/lock/         which process works on it
 *
 * The results themselves are written in the order of the rows, from the notes, and anew by each process.
 */
import { type FileHandle, lstat, open, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as z from "zod";
import {
  type BatchFolder,
  type BatchFolders,
  type BatchPlan,
  type BatchResult,
  BatchResultSchema,
} from "../../adapters/terminal/index.ts";
import { RowStates } from "../../core/engine.ts";
import type { BatchLine } from "../../core/index.ts";
import { Locks, writeFileAtomic } from "../../state/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { makeFolder } from "../../support/make-folder.ts";
import { notAFile, readPlainFile } from "../../support/plain-file.ts";
import { Responsive } from "../../support/responsive.ts";
import { pathFailure, systemCode } from "../../support/system-error.ts";
import { JITLESS } from "../../support/zod.ts";

const MAX_PLAN_BYTES = 1024 * 1024 * 1024;
/** Some hundred megabytes take longer than a small file. */
const LARGE_WORK_MS = 60_000;
/** Another process that holds the lock longer than this works on the batch. */
const LOCK_WAIT_MS = 3_000;
const READ_BYTES = 1024 * 1024;
const LINE_FEED = 10;

const HeadSchema = z.object({
  v: z.literal(1),
  account: z.string(),
  deployment: z.object({ deploymentId: z.string(), named: z.string() }).optional(),
  model: z.string().optional(),
  timeoutMs: z.number(),
  onApproval: z.enum(["wait", "return"]),
  saveTo: z.string().optional(),
});
const RowSchema = z.object({ input: z.record(z.string(), z.unknown()), prompt: z.string() });
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

export interface BatchFoldersOptions {
  ambient: Ambient;
  /** Identifies service and account. */
  account: () => Promise<string>;
}

export function batchFolders({ ambient, account }: BatchFoldersOptions): BatchFolders {
  const places = (path: string) => {
    const results = resolve(path);
    const folder = `${results}.batch`;
    return { results, folder, rows: join(folder, "rows.jsonl"), disk: new Responsive(folder, ambient) };
  };
  return {
    async create(path, plan) {
      const place = places(path);
      const { results, folder, rows, disk } = place;
      await disk.ask(() => requireFree(path, place));
      await disk.ask(() => makeFolder(folder));
      return DiskBatch.open({ results, folder, ambient, disk }, async () => {
        await disk.ask(() => requireFree(path, place)); // another process may have been faster
        const lines = [headOf(plan, await account()), ...plan.rows].map((line) => JSON.stringify(line));
        const write = () => writeFileAtomic(rows, `${lines.join("\n")}\n`, { token: ambient.uuid() });
        await disk.ask(write, LARGE_WORK_MS).catch((error: unknown) => {
          throw pathFailure(rows, "written", error);
        });
        return plan;
      });
    },
    async open(path) {
      const { results, folder, rows, disk } = places(path);
      const none = new ExecutionFailure(
        "not_found",
        `there is no batch to go on with for ${path}: ${folder} is not there. One whose rows have all ended leaves nothing but its results`,
      );
      if (!(await disk.ask(() => isThere(rows)))) throw none;
      return DiskBatch.open({ results, folder, ambient, disk }, async () => {
        const file = await readPlainFile(rows, MAX_PLAN_BYTES, disk);
        if (!file) throw none; // another process has ended it meanwhile
        return readPlan(file.bytes.toString("utf8"), rows, await account());
      });
    },
  };
}

interface Place {
  results: string;
  folder: string;
  rows: string;
}

/** Rejects when something is in the way of a new batch. */
async function requireFree(path: string, { results, folder, rows }: Place): Promise<void> {
  if (await isThere(rows)) {
    throw new ExecutionFailure(
      "conflict",
      `${path} belongs to a batch that has not ended; go on with it: seren-bridge batch --resume --out ${path} (or remove ${folder}: what still runs of it is then cancelled)`,
    );
  }
  if (await isThere(results))
    throw new ExecutionFailure("conflict", `${path} is there already; move it away, or choose another --out`);
}

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

class DiskBatch implements BatchFolder {
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
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /** `readPlan` is called once nobody else works on it. */
  static async open(options: DiskBatchOptions, readPlan: () => Promise<BatchPlan>): Promise<DiskBatch> {
    const { results, folder, ambient, disk } = options;
    const unlock = await lock(folder, ambient, disk);
    try {
      const plan = await readPlan();
      const notes = await disk.ask(() => openFile(join(folder, "notes.jsonl"), "a+", 0o600));
      const out = await disk.ask(async () => {
        const stats = await lstat(results).catch(() => undefined);
        if (stats && !stats.isFile()) throw notAFile(results, "written", stats);
        return openFile(results, "w", 0o666);
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
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  async finish(): Promise<void> {
    await this.#writing;
    await this.#disk.ask(async () => {
      await this.#out.sync();
      await rm(this.folder, { recursive: true, force: true });
    });
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
      if (group.length === 0) return;
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
      await this.#out.appendFile(`${JSON.stringify(result)}\n`).catch((error: unknown) => {
        throw pathFailure(this.#results, "written", error);
      });
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
    const line = LineSchema.safeParse(parse(bytes.toString("utf8")), JITLESS).data as Line | undefined;
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

function headOf({ rows: _, ...settings }: BatchPlan, account: string): z.output<typeof HeadSchema> {
  return { v: 1, account, ...settings };
}

/** Throws for a file that is not whole, or of another account. */
function readPlan(text: string, path: string, account: string): BatchPlan {
  const [first = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const head = HeadSchema.safeParse(parse(first), JITLESS).data;
  const rows = lines.flatMap((line) => RowSchema.safeParse(parse(line), JITLESS).data ?? []);
  if (!head || rows.length < lines.length || rows.length === 0) {
    throw new ExecutionFailure("invalid_input", `${path} is not what seren-bridge has written; begin the batch anew`);
  }
  if (head.account !== account) {
    throw new ExecutionFailure(
      "conflict",
      `the batch was begun with another API key or at another address (${dirname(path)}); use those to go on with it`,
    );
  }
  const { v: _, account: __, ...settings } = head;
  return { ...settings, rows };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Resolves with what gives it back. Rejects with `conflict` while another process holds it. */
async function lock(folder: string, ambient: Ambient, disk: Responsive): Promise<() => Promise<void>> {
  const locks = new Locks(join(folder, "lock"), ambient, disk);
  const patience = new AbortController();
  const stopTimer = ambient.timer(LOCK_WAIT_MS, () => patience.abort());
  return new Promise((taken, failed) => {
    const held = locks.hold(
      "batch",
      patience.signal,
      () =>
        new Promise<void>((release) => {
          stopTimer();
          taken(async () => {
            release();
            await held.catch(() => undefined);
            await locks.close();
          });
        }),
    );
    held.catch((error: unknown) => {
      stopTimer();
      const busy = `another seren-bridge works on this batch (${folder}); wait for it, or stop it`;
      failed(patience.signal.aborted ? new ExecutionFailure("conflict", busy) : error);
    });
  });
}

/** Without rows there is no batch. What another process has in it stays. */
async function removeIfUnused(folder: string): Promise<void> {
  for (const path of [join(folder, "lock"), folder]) await rmdir(path).catch(() => undefined);
}

async function openFile(path: string, flags: string, mode: number): Promise<FileHandle> {
  return open(path, flags, mode).catch((error: unknown) => {
    throw pathFailure(path, "written", error);
  });
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR",
  );
}
