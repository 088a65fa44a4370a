/** Asks what a run is doing, one way after the other. */
import { sleep } from "../../support/ambient.ts";
import { type FailureKind, isOneOf } from "../../support/failure.ts";
import type { SerenClient } from "../client/client.ts";
import { isUnreadable } from "../client/pages.ts";
import { stateFromRecord, UNREADABLE_STATE } from "../client/status.ts";
import type { LiveState } from "../model.ts";

const AGAIN_EVERY_MS = 1_500;

/** Refusals of one way to ask about a run. Another way may still succeed. */
export const ASK_ELSEWHERE: ReadonlySet<FailureKind> = new Set(["not_found", "unsupported", "contract"]);

export interface AskOptions {
  client: SerenClient;
  runId: string;
  signal: AbortSignal;
  /** Whether the failure may only mean that the run was just created. */
  mayBeTooNew(error: unknown): boolean;
}

/**
 * Returns the run's state; where the service shows none, one made from the record; where neither can be read, one that
 * leaves everything open, so that the stream decides. Rejects with the failure when both are refused for good.
 */
export async function askState({ client, runId, signal, mayBeTooNew }: AskOptions): Promise<LiveState> {
  const untilAborted = { signal, attempts: Number.POSITIVE_INFINITY };
  for (;;) {
    try {
      return await client.getRunState(runId, untilAborted);
    } catch (error) {
      if (!isOneOf(ASK_ELSEWHERE, error)) throw error;
    }
    try {
      return stateFromRecord(await client.getRun(runId, untilAborted));
    } catch (error) {
      if (isUnreadable(error)) return UNREADABLE_STATE;
      if (!mayBeTooNew(error)) throw error;
    }
    await sleep(client.ambient, AGAIN_EVERY_MS, signal);
  }
}
