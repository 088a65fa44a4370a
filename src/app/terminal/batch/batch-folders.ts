/** The folders of batches: beginning one, and going on with one. */
import { lstat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BatchFolders } from "../../../adapters/terminal/index.ts";
import { writeFileAtomic } from "../../../state/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { makeFolder } from "../../../support/make-folder.ts";
import { readPlainFile } from "../../../support/plain-file.ts";
import { Responsive } from "../../../support/responsive.ts";
import { pathFailure, systemCode } from "../../../support/system-error.ts";
import { DiskBatch, LARGE_WORK_MS } from "./disk-batch.ts";
import { readPlan, textOfPlan } from "./plan-file.ts";

const MAX_PLAN_BYTES = 1024 * 1024 * 1024;

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
        const text = textOfPlan(plan, await account());
        const write = () => writeFileAtomic(rows, text, { token: ambient.uuid() });
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

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR",
  );
}
