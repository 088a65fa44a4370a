/** The terminal command's entry: what to run for which words. */
import { HELP } from "./help.ts";

export interface Terminal {
  version: string;
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}

/** Exit codes: 0 done, 2 wrong use. */
export async function runTerminal(command: string | undefined, terminal: Terminal): Promise<number> {
  switch (command) {
    case undefined:
    case "help":
    case "-h":
    case "--help":
      terminal.stdout.write(HELP);
      return 0;
    case "-v":
    case "--version":
      terminal.stdout.write(`${terminal.version}\n`);
      return 0;
    default:
      terminal.stderr.write(`seren-bridge: there is no command "${command}"; see: seren-bridge --help\n`);
      return 2;
  }
}
