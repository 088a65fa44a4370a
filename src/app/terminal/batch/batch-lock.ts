/** Only one process works on a batch. */
import { join } from "node:path";
import { Locks } from "../../../state/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import type { Responsive } from "../../../support/responsive.ts";

/** Another process that holds the lock longer than this works on the batch. */
const LOCK_WAIT_MS = 3_000;

/** Resolves with what gives it back. Rejects with `conflict` while another process holds it. */
export async function lockBatch(folder: string, ambient: Ambient, disk: Responsive): Promise<() => Promise<void>> {
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
