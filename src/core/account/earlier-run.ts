/** A run of the account as something to go on from: its next turn, or the same input once more. */
import { endingOf, type Run, type RunEnding, type SerenClient } from "../../seren/index.ts";
import type { RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";
import { runRefOf } from "../run/outcome.ts";
import { isInterrupted } from "../run/resumption.ts";
import { hasEnd } from "../run/transcript.ts";
import { look } from "./look.ts";
import { tracesIn } from "./traces.ts";

export interface EarlierRun {
  run: RunRef;
  /** Absent while it has not ended. */
  ending?: RunEnding;
  /** What it was asked for. Absent where the service does not say it. */
  input?: Pick<RunRequest, "message" | "operation" | "inputs">;
  /** What may have changed something: names of the tools it has called and the like, in order, each once. */
  tools: string[];
  /** It may be going on again, or be asked to. */
  isInterrupted: boolean;
  /** Whether `tools` are all. */
  isWhole: boolean;
}

/** Rejects with `not_found` for an unknown id. */
export function readEarlierRun(client: SerenClient, runId: string): Promise<EarlierRun> {
  return look(client, async (signal) => {
    const record = await client.getRun(runId, { signal });
    const page = isWhole(record) ? undefined : await client.listRunEvents(runId, 0, { signal }).catch(() => undefined);
    const recorded = record.eventRows ?? [];
    const rows = page && page.events.length > recorded.length ? page.events : recorded;
    const ending = endingOf(record.status);
    const input = inputOf(record);
    return {
      run: runRefOf(record),
      ...(ending === undefined ? {} : { ending }),
      ...(input === undefined ? {} : { input }),
      tools: tracesIn(rows),
      isInterrupted: isInterrupted(record),
      isWhole: isWhole(record) || page?.hasMore === false,
    };
  });
}

/** Whether the record holds all events. */
export function isWhole(record: Run): boolean {
  return record.cut === undefined && record.eventRows !== undefined && hasEnd(record);
}

/** What the create call of a run asked for. Undefined where the service does not say it. */
export function inputOf({ payload }: Run): EarlierRun["input"] {
  if (!payload) return undefined;
  const { message, operation, inputs } = payload;
  if (message === undefined && operation !== "heartbeat") return undefined;
  return {
    ...(message === undefined ? {} : { message }),
    ...(operation === undefined ? {} : { operation }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}
