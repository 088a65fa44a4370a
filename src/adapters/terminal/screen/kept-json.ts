/** JSON that a person gives, to be sent as it is written. */
import { clipCharacters } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { changedNumber } from "../../../support/json-source.ts";
import { isTooDeep } from "../../../support/objects.ts";

const MAX_SHOWN = 100;

/** Throws `invalid_input` for what would not be sent as `source` has it. `name`: what it is, for the message. */
export function refuseChanged(source: string, value: unknown, name: string): void {
  if (isTooDeep(value)) throw new ExecutionFailure("invalid_input", `${name} is nested too deeply`);
  const changed = changedNumber(source);
  if (!changed) return;
  const { written, becomes } = changed;
  throw new ExecutionFailure(
    "invalid_input",
    `${name} has the number ${clipCharacters(written, MAX_SHOWN, "…")}, which would become ${becomes}; write it in quotes`,
  );
}
