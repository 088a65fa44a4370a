/** Runs the command of a host that registers this program. */
import type { Ambient } from "../../support/ambient.ts";
import { clipCharacters } from "../../support/clip.ts";
import { runProgram } from "../../support/run-program.ts";

/** Some clients take seconds to start. */
const LIMIT_MS = 30_000;
const MAX_SAID = 4_000;

export interface HostCommand {
  argv: readonly [string, ...string[]];
  environment: Readonly<Record<string, string>>;
  ambient: Ambient;
  signal: AbortSignal;
  limitMs?: number;
}

export async function runHostCommand(options: HostCommand): Promise<{ problem?: string; said: string }> {
  const { argv, environment, ambient, signal, limitMs = LIMIT_MS } = options;
  let said = "";
  const onOutput = (text: string) => {
    if (said.length <= MAX_SAID) said += text;
  };
  const problem = await runProgram({ command: argv, stdin: "", environment, ambient, signal, limitMs, onOutput });
  return { said: clipCharacters(said, MAX_SAID), ...(problem === undefined ? {} : { problem }) };
}
