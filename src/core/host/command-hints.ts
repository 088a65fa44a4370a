/**
 * What a person can do next, as commands of this program. The layers below give a code, because a program that uses the
 * library has no such commands; a front end for people adds the words.
 */
import { ExecutionFailure, type Hint } from "../../support/failure.ts";

/** `runId`: the run that the hint is about, where it is known. */
const ADVICE = {
  list_runs: () => "see `seren-bridge runs list`",
  show_run: () => "see `seren-bridge runs show`",
  list_approvals: (runId) =>
    runId === undefined
      ? "see `seren-bridge approvals list`"
      : `decide it with \`${decideCommand(runId)}\` (or reject)`,
  resume_run: (runId) => `let it go on with \`seren-bridge runs resume ${runId ?? "<run>"}\``,
  prune_deployments: () => "delete it with `seren-bridge deployments prune` and try again",
  name_deployment: () => "see `seren-bridge deployments list` and set SEREN_BRIDGE_DEPLOYMENT",
} satisfies Record<Hint, (runId: string | undefined) => string>;

interface Said {
  message: string;
  hint?: Hint | undefined;
  hintRunId?: string | undefined;
}

/** Returns the message of a failure, an outcome's error or a notice, with the advice its hint stands for. */
export function withAdvice(said: ExecutionFailure | Said): string {
  const { hint, hintRunId } = said instanceof ExecutionFailure ? said.details : said;
  return hint === undefined ? said.message : `${said.message}; ${ADVICE[hint](hintRunId)}`;
}

/** Returns the command that decides an approval; `runId` may be a placeholder. */
export function decideCommand(runId: string): string {
  return `seren-bridge approvals approve ${runId}`;
}

/** Returns the command that prints a run with its whole answer. */
export function showRunCommand(runId: string): string {
  return `seren-bridge runs show ${runId}`;
}
