/** The log in words, for a person who did not ask for one. With `SEREN_BRIDGE_LOG` it is JSON lines (`support/log.ts`). */
import type { Log } from "../../../support/log.ts";
import type { Redactor } from "../../../support/redact.ts";
import { printError, type Screen } from "./screen.ts";
import { oneLine } from "./text.ts";

/** Returns a log that says warnings and errors on stderr, each on one line and once, and nothing else. */
export function createSpokenLog(screen: Pick<Screen, "stderr">, redactor: Redactor): Log {
  const said = new Set<string>();
  const log: Log = Object.assign(
    (...[level, message, fields]: Parameters<Log>) => {
      if ((level !== "warn" && level !== "error") || said.has(message)) return;
      said.add(message);
      const word = level === "warn" ? "warning" : "error";
      const why = fields?.error ? ` (${fields.error})` : "";
      printError(screen, `seren-bridge: ${word}: ${oneLine(redactor.redact(message + why))}`);
    },
    { with: () => log },
  );
  return log;
}
