/** Works on a batch until its rows have ended, or something stops it: progress, interrupts, summary. */
import { Stopped } from "../../../support/abort.ts";
import { dollars } from "../../../support/money.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit-code.ts";
import { registryOf } from "../live/follow.ts";
import { count, duration } from "../screen/format.ts";
import { printError } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import type { Context, Remote } from "../services.ts";
import type { BatchFolder } from "./batch-folder.ts";
import { batchResult } from "./batch-result.ts";
import { Progress } from "./progress.ts";
import { progressWords, Tally } from "./tally.ts";
import { targetOf } from "./target.ts";

export async function workOnBatch(
  context: Context,
  remote: Remote,
  folder: BatchFolder,
  { out, concurrency }: { out: string; concurrency: number },
): Promise<ExitCode> {
  const { services, screen } = context;
  const { plan, states, earlier } = folder;
  const { ambient } = services;
  const tally = new Tally(plan.rows.length, earlier);
  const target = targetOf(plan);
  const began = ambient.now();
  const stop = new AbortController();
  let unsaved = 0;
  const batch = remote.batch({
    rows: plan.rows.map(({ prompt }) => ({ target, message: prompt, onApproval: plan.onApproval })),
    states,
    notes: folder,
    registry: registryOf(services, remote),
    ambient,
    concurrency,
    timeoutMs: plan.timeoutMs,
    async resultOf(row, end) {
      if (plan.saveTo !== undefined && "outcome" in end) {
        const saved = await remote.saveArtifacts(end.outcome, plan.saveTo, stop.signal);
        unsaved += saved.filter((one) => "problem" in one).length;
      }
      return batchResult(row, plan.rows[row]?.input ?? {}, end);
    },
    onEnded: (_, result) => tally.add(result),
  });
  const moment = () => ({
    tally,
    active: batch.active,
    waiting: batch.waiting,
    pauseMs: batch.pauseMs,
    elapsedMs: ambient.now() - began,
    endedHere: tally.ended - earlier.length,
  });
  const progress = new Progress(screen, ambient, () => progressWords(moment()));
  let interrupts = 0;
  const release = services.onInterrupt(() => {
    interrupts += 1;
    if (interrupts === 1) {
      batch.drain();
      printError(
        screen,
        `No more rows are begun; ${count(batch.active, "run")} still to end. Ctrl-C again cancels them.`,
      );
    } else if (interrupts === 2) {
      stop.abort(new Stopped("person"));
      batch.cancel();
      printError(screen, "Cancelling. Ctrl-C again leaves at once; --resume then follows what still runs.");
    } else services.leave(EXIT.cancelled);
  });
  try {
    progress.start();
    const stoppedBy = await batch.run().finally(() => progress.end());
    const isDone = tally.ended === tally.total;
    if (isDone) await folder.finish();
    const cost = tally.micros > 0 ? `, ${dollars(tally.micros)}` : "";
    const what = `${count(tally.ended, "row")}: ${tally.outcomes() || "none has ended"}${cost}, ${duration(ambient.now() - began)}.`;
    printError(screen, `${what} Results: ${out}`);
    if (unsaved > 0) printError(screen, `seren-bridge: ${count(unsaved, "artifact")} could not be saved`);
    if (isDone) return unsaved > 0 && tally.exitCode() === EXIT.ok ? EXIT.failed : tally.exitCode();
    if (stoppedBy) printError(screen, `seren-bridge: stopped: ${oneLine(services.redactor.redact(stoppedBy.message))}`);
    printError(
      screen,
      `${count(tally.total - tally.ended, "row")} left. Go on with: seren-bridge batch --resume --out ${oneLine(out)}`,
    );
    return stoppedBy ? exitCodeOf(stoppedBy) : EXIT.cancelled;
  } finally {
    release();
    await folder.close();
  }
}
