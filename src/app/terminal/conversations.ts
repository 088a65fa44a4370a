/** The conversation that a person talks in, by working folder: what `run --continue` goes on with. */
import type { Conversations } from "../../adapters/terminal/index.ts";
import type { DiskNotes } from "../deployment-notes.ts";

/** Returns undefined for a folder that was removed. */
function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** `notes`: absent where nothing outlives the command. */
export function openConversations(notes: DiskNotes | undefined, now: () => number): Conversations {
  const folder = workingFolder();
  const name = folder === undefined ? undefined : `conversation of ${folder}`;
  return {
    async last() {
      return name === undefined ? undefined : (await notes?.read(name))?.id;
    },
    async remember(id) {
      if (name !== undefined) await notes?.write(name, { id, at: now() });
    },
  };
}
