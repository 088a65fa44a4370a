/** Only one process works on a batch. */
import { join } from "node:path";
import { type Attempt, Locks } from "../../../state/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import type { Responsive } from "../../../support/responsive.ts";

/** Resolves with what gives it back. Rejects with `conflict` while another process has it, or may have. */
export async function lockBatch(folder: string, ambient: Ambient, disk: Responsive): Promise<() => Promise<void>> {
  const locks = new Locks(join(folder, "lock"), ambient, disk);
  let attempt: Attempt;
  try {
    attempt = await locks.tryHold("batch");
  } catch (error) {
    await locks.close().catch(() => undefined);
    const { kind, message } = asFailure(error);
    throw new ExecutionFailure(kind, `${folder}: ${message}`, { cause: error });
  }
  if ("release" in attempt) {
    const { release } = attempt;
    return async () => {
      await release();
      await locks.close();
    };
  }
  await locks.close().catch(() => undefined);
  const why =
    attempt.holder === "alive"
      ? "wait for it, or stop it"
      : `whether it still does cannot be seen from here; when it certainly does not, remove ${join(folder, "lock")}`;
  throw new ExecutionFailure("conflict", `another seren-bridge works on this batch (${folder}); ${why}`);
}
