/**
 * Makes the changes of `setup`. A host's own command comes first where it has one; the plan made anew afterwards shows whether
 * it did what it should, and our own editor does what is left.
 */
import {
  applyChange,
  applyWithoutBackup,
  backUp,
  changesNothing,
  type FileChange,
  type HostInstaller,
  type OwnCommand,
} from "../../../install/index.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import type { Services } from "../services.ts";

/** One of the host's files, after the command. */
export interface Outcome {
  change: FileChange;
  written: boolean;
  backup: string | undefined;
}

export interface Made {
  outcomes: Outcome[];
  command?: OwnCommand;
  /** What came of the command, once it has been run. */
  ran?: { problem?: string; said: string; didAll: boolean };
}

export async function makeChanges(
  services: Services,
  installer: HostInstaller,
  { undo, write }: { undo: boolean; write: boolean },
): Promise<Made> {
  const changes = await installer.plan(services, { undo });
  const command = changes.every(changesNothing) ? undefined : await installer.ownCommand?.(services, { undo });
  if (!command || !write) {
    const outcomes: Outcome[] = [];
    for (const change of changes) {
      const written = write && !changesNothing(change);
      outcomes.push({ change, written, backup: written ? await applyChange(change, services.writeFile) : undefined });
    }
    return { outcomes, ...(command ? { command } : {}) };
  }
  const outcomes: Outcome[] = [];
  for (const change of changes)
    outcomes.push({ change, written: true, backup: await backUp(change, services.writeFile) });
  const { problem, said } = await run(services, command);
  const again = await installer.plan(services, { undo }).catch((error: unknown) => {
    const { kind, message } = asFailure(error);
    const kept = outcomes.flatMap(({ backup }) => backup ?? []).join(", ");
    const old = kept === "" ? "" : `; the old text is in ${kept}`;
    throw new ExecutionFailure(kind, `${message} (before that, this was run: ${command.typed}${old})`);
  });
  const left = again.filter((change) => !changesNothing(change));
  for (const change of left) await applyWithoutBackup(change, services.writeFile);
  return { outcomes, command, ran: { said, didAll: left.length === 0, ...(problem === undefined ? {} : { problem }) } };
}

async function run(services: Services, { argv }: OwnCommand) {
  const interrupted = new AbortController();
  const stopListening = services.onInterrupt(() => interrupted.abort());
  try {
    const result = await services.runHostCommand(argv, interrupted.signal);
    if (interrupted.signal.aborted)
      throw new ExecutionFailure("cancelled", "interrupted before the file was looked at");
    return result;
  } finally {
    stopListening();
  }
}
