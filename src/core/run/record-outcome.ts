/** How a run ended by its record alone, in short, for those who have to be told of an end that no request has followed. */
import { endingOf, type Run } from "../../seren/index.ts";
import { clipCharacters } from "../../support/clip.ts";
import type { Outcome } from "../events.ts";
import { runRefOf, usageOf } from "./outcome.ts";
import { recordedText } from "./transcript.ts";

/** It is kept until the journal forgets the run. */
const MAX_TEXT_CHARACTERS = 2_000;

/** Returns undefined for a run that has not ended. */
export function outcomeOfRecord(record: Run): Outcome | undefined {
  const kind = endingOf(record.status);
  if (!kind) return undefined;
  const usage = usageOf(record);
  return {
    kind,
    run: runRefOf(record),
    text: clipCharacters(recordedText(record) ?? "", MAX_TEXT_CHARACTERS, "…"),
    ...(kind === "completed"
      ? {}
      : {
          error: {
            message: clipCharacters(record.statusMessage ?? "", MAX_TEXT_CHARACTERS, "…") || `the run ended: ${kind}`,
          },
        }),
    ...(usage ? { usage } : {}),
    artifacts: [],
    approvals: [],
  };
}
