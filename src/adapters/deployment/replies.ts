/** Deployments as the host gets them. `detail` is shown with `--json` only, and is the one place for what is no error. */
import type { DeploymentReply } from "#protocols/dispatch-deployment";
import type { Upserted } from "../../core/index.ts";
import { refusal } from "./wire-error.ts";

type Deployment = Upserted["deployment"];
type Detail = DeploymentReply["detail"];

/** A reply is one line of at most 1 MiB. */
const MAX_LIST_BYTES = 900_000;

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

/** What a list says of a deployment: all there is, or where that does not fit in a line its name, or what the host prints. */
const LIST_FORMS: readonly ((deployment: Deployment) => DeploymentReply)[] = [
  (deployment) => replyOf(deployment),
  ({ id, status, name }) => ({ deployment_id: id, status, detail: present({ name }) }),
  ({ id, status }) => ({ deployment_id: id, status, detail: {} }),
];

/** Throws `too_large` for a list that fits in no form. */
export function listReplyOf(deployments: readonly Deployment[]): DeploymentReply[] {
  for (const form of LIST_FORMS) {
    const rows = deployments.map(form);
    if (Buffer.byteLength(JSON.stringify(rows)) <= MAX_LIST_BYTES) return rows;
  }
  throw refusal(
    "too_large",
    `there are ${deployments.length} deployments, more than one reply can carry; give filters, such as --filters-json '{"name":"night-watch"}'`,
  );
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
