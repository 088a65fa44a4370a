/** Deployments as the host gets them. `detail` is shown with `--json` only, and is the one place for what is no error. */
import type { DeploymentReply } from "#protocols/dispatch-deployment";
import type { Upserted } from "../../core/index.ts";

type Deployment = Upserted["deployment"];
type Detail = DeploymentReply["detail"];

/** A list that is longer has no details: a reply is one line of at most 1 MiB. */
const MAX_DETAILED_BYTES = 900_000;

export function replyOf(
  deployment: Deployment,
  more: { notes?: readonly string[]; upserted?: Upserted } = {},
): DeploymentReply {
  return {
    deployment_id: deployment.id,
    status: deployment.status,
    detail: { ...detailOf(deployment), ...moreOf(more) },
  };
}

export function listReplyOf(deployments: readonly Deployment[]): DeploymentReply[] {
  const detailed = deployments.map((one) => replyOf(one));
  if (Buffer.byteLength(JSON.stringify(detailed)) <= MAX_DETAILED_BYTES) return detailed;
  return deployments.map(({ id, status, name }) => ({ deployment_id: id, status, detail: present({ name }) }));
}

function detailOf(deployment: Deployment): Detail {
  const { createdAt, updatedAt } = deployment;
  return present({
    name: deployment.name,
    mode: deployment.mode,
    skill_slug: deployment.skillSlug,
    visibility: deployment.visibility,
    orchestration_mode: deployment.orchestrationMode,
    model_id: deployment.modelId,
    cron_schedule: deployment.cronSchedule,
    cron_timezone: deployment.cronTimezone,
    code_bundle_hash: deployment.codeBundleHash,
    endpoint_url: deployment.endpointUrl,
    error_message: deployment.errorMessage,
    created_at: timeOf(createdAt),
    updated_at: timeOf(updatedAt),
  });
}

function moreOf({ notes = [], upserted }: { notes?: readonly string[]; upserted?: Upserted }): Detail {
  const left = (upserted?.left ?? []).map(
    ({ deployment, why }) =>
      `${deployment.name ?? deployment.id} (${deployment.id}) is superseded and was left: ${why}. The next \`dispatch up .\` deletes it`,
  );
  const said = [...notes, ...left];
  const superseded = (upserted?.superseded ?? []).map(({ id, name }) => present({ deployment_id: id, name }));
  return { ...(said.length > 0 ? { notes: said } : {}), ...(superseded.length > 0 ? { superseded } : {}) };
}

function present(members: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Undefined for a time beyond what a date can be. */
function timeOf(at: number | undefined): string | undefined {
  const date = new Date(at ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
