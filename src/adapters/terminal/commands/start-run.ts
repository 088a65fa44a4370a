/** What the commands that start a run have in common: their options, and following the run or leaving it. */
import { type Command, Option } from "commander";
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, type RunRequest } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { followRequest, startDetached } from "../live/follow.ts";
import { runFields } from "../live/run-output-lines.ts";
import type { RunOutputLine } from "../live/run-output-schema.ts";
import { parseDuration } from "../screen/format.ts";
import { readStdin } from "../screen/read-stdin.ts";
import { printError, printLine, type Screen } from "../screen/screen.ts";
import type { Context } from "../services.ts";

export interface StartOptions {
  timeout?: string;
  approvals: "wait" | "return";
  detach?: boolean;
  saveArtifacts?: string;
  json?: boolean;
}

export const SAVE_ARTIFACTS = [
  "--save-artifacts <folder>",
  "save the files the run leaves in a folder of its own in this one",
] as const;

/** What is to be run, in the words of a command. */
export interface Wanted {
  request: Omit<RunRequest, "onApproval">;
  /** Time limit when `--timeout` is not given. Default: 30 minutes. */
  defaultMs?: number | undefined;
}

export function addStartOptions(command: Command): void {
  command
    .option("-t, --timeout <time>", "cancel the run after this long, e.g. 90s, 15m, 2h (default: 30m, or TIMEOUT RUN)")
    .addOption(
      new Option("--approvals <how>", "when the run asks for an approval: wait, or return with exit code 5")
        .choices(["wait", "return"])
        .default("wait"),
    )
    .option("--detach", "print the run's id and exit; the run continues")
    .option(...SAVE_ARTIFACTS)
    .option("--json", "one JSON object per line instead of text (docs/cli.md has the schema)");
}

export async function start(context: Context, wanted: Wanted, options: StartOptions): Promise<ExitCode> {
  const { services, screen } = context;
  const { defaultMs = DEFAULT_TIMEOUT_MS } = wanted;
  const request: RunRequest = { ...wanted.request, onApproval: options.approvals };
  const timeoutMs = Math.min(options.timeout ? parseDuration(options.timeout, "--timeout") : defaultMs, MAX_TIMEOUT_MS);
  const { saveArtifacts: saveTo } = options;
  if (!options.detach) return followRequest(context, { request, timeoutMs, json: options.json === true, saveTo });
  if (saveTo !== undefined) {
    throw new ExecutionFailure(
      "invalid_input",
      "--detach does not wait for the files of the run; save them with: seren-bridge runs show <run> --save-artifacts <folder>",
    );
  }
  if (services.local) {
    throw new ExecutionFailure(
      "unsupported",
      "with SEREN_API_BASE=local the service ends with this command, so a run cannot outlive it; serve one with: seren-bridge local",
    );
  }
  const run = await startDetached(context, request, timeoutMs);
  if (options.json) {
    const line: RunOutputLine = { type: "detached", ...runFields(run) };
    void screen.stdout.json(line);
    await screen.stdout.flushed();
  } else printLine(screen, run.runId);
  if (!options.json || screen.stdout.problem !== undefined)
    printError(screen, `The run continues. Follow it with: seren-bridge runs follow ${run.runId}`);
  return EXIT.ok;
}

/** Returns what was typed, or what comes on stdin for `-`. */
export async function promptOf(screen: Screen, given: string, usage: string): Promise<string> {
  const prompt = given === "-" ? await readStdin(screen) : given;
  if (prompt.trim() === "") throw new ExecutionFailure("invalid_input", `the prompt is empty; write: ${usage}`);
  return prompt;
}
