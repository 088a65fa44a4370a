/** Finds where a conversation is at home. Agents remember their earlier turns by deployment and conversation, so the next turn has to go to the same one. */
import type { Run, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { clipCharacters } from "../../support/clip.ts";
import { ExecutionFailure } from "../../support/failure.ts";

/** How long the list of runs may lag behind the run before. */
const LAG_MS = 6_000;
const LOOK_EVERY_MS = 500;
const MAX_SHOWN_CHARACTERS = 100;

/** Returns the deployment of the conversation's last run. Rejects with `not_found` where no run is known. */
export async function homeOfConversation(
  client: SerenClient,
  conversationId: string,
  signal: AbortSignal,
): Promise<string> {
  const { ambient } = client;
  const since = ambient.now();
  for (;;) {
    const { runs } = await client.listRunPage(undefined, { conversationId }, { signal });
    const last = newest(runs.filter((run) => run.conversationId === conversationId && run.deploymentId !== undefined));
    if (last?.deploymentId !== undefined) return last.deploymentId;
    if (ambient.now() - since >= LAG_MS) break;
    await sleep(ambient, LOOK_EVERY_MS, signal);
  }
  throw new ExecutionFailure(
    "not_found",
    `no run of the conversation ${clipCharacters(conversationId, MAX_SHOWN_CHARACTERS, "…")} is known to Seren Cloud; an earlier run names its conversation`,
  );
}

function newest(runs: readonly Run[]): Run | undefined {
  return runs.reduce<Run | undefined>(
    (last, run) => (last && (last.createdAt ?? 0) >= (run.createdAt ?? 0) ? last : run),
    undefined,
  );
}
