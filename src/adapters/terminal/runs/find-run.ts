/** Finds runs by a part of their id and deployments by their names. */
import { generalAgentTarget } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import type { Services } from "../services.ts";
import { shortId } from "./run-rows.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MIN_PREFIX = 4;
/** A part of an id is looked for among this many of the latest runs. */
const SEARCHED_RUNS = 100;

/**
 * Returns the full id for one that was typed in full or in part. Rejects with `not_found`, or with `invalid_input` for an
 * ambiguous or malformed one.
 */
export async function findRunId(services: Services, typed: string): Promise<string> {
  if (UUID.test(typed)) return typed.toLowerCase();
  if (!/^[0-9a-f-]+$/i.test(typed) || typed.length < MIN_PREFIX) {
    throw new ExecutionFailure(
      "invalid_input",
      `"${typed}" is not the id of a run; seren-bridge runs list shows them, and the first ${MIN_PREFIX} characters are enough`,
    );
  }
  const { organization } = await services.remote();
  const { rows } = await organization.runs({ limit: SEARCHED_RUNS });
  const found = rows.filter(({ run }) => run.runId.startsWith(typed.toLowerCase()));
  const [only] = found;
  if (only && found.length === 1) return only.run.runId;
  if (found.length > 1)
    throw new ExecutionFailure("invalid_input", `several runs begin with ${typed}; give more of the id`);
  throw new ExecutionFailure(
    "not_found",
    `none of the last ${SEARCHED_RUNS} runs begins with ${typed}; give the whole id of an older one`,
  );
}

/** Resolves with a function that returns the name of a deployment, or its short id when the name is unknown. */
export async function agentNames(services: Services): Promise<(deploymentId: string) => string> {
  const { organization } = await services.remote();
  const target = generalAgentTarget();
  const general = target.kind === "workload" ? target.name : "";
  const deployments = await organization.deployments().catch(() => undefined);
  const names = new Map(deployments?.rows.map(({ id, name }) => [id, name === general ? "general" : name]));
  return (id) => names.get(id) || shortId(id);
}
