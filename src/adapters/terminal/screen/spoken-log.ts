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
      if (level !== "warn" && level !== "error") return;
      const why = fields?.error ? ` (${fields.error})` : "";
      const word = level === "warn" ? "warning" : "error";
      const line = `seren-bridge: ${word}: ${oneLine(redactor.redact(message + why))}`;
      if (!said.has(line)) printError(screen, line);
      said.add(line);
    },
    { with: () => log },
  );
  return log;
}
