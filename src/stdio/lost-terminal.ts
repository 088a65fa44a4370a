/** The end of a process whose terminal was closed. */
import { closeSync, fstatSync } from "node:fs";
import { isatty } from "node:tty";

/**
 * To be called when the process exits. Node then restores the terminals it was started on, and aborts where one is gone
 * (`ResetStdio`). It passes over what is closed.
 */
export function closeLostTerminals(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      if (fstatSync(descriptor).isCharacterDevice() && !isatty(descriptor)) closeSync(descriptor);
    } catch {
      // it is closed
    }
  }
}
