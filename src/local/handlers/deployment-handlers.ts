/** Operations on deployments and their bundles. */

import { ruleOf } from "../faults/faults.ts";
import { badRequest } from "../http/api-error.ts";
import { readBody } from "../http/body.ts";
import { dataReply } from "../http/exchange.ts";
import { Query } from "../http/query.ts";
import type { Operation } from "./routes.ts";
import { DeployBodySchema } from "../model/deploy-schema.ts";
import { checkDeploy, createDeployment, statusOf, summaryOf } from "../model/deployments.ts";
import { BundleBodySchema } from "./body-schemas.ts";
import { costsOf, NO_LAG, textOf } from "../model/run-views.ts";
import type { Handler } from "./context.ts";
import { needDeployment } from "./context.ts";

const NO_QUERY: readonly string[] = [];

const deploy: Handler = ({ ambient, deployments, bundles, counters, deployMs, store }, { request, rules }) => {
  const body = readBody(request, DeployBodySchema);
  checkDeploy(body);
  const { execution } = body.workload;
  if (execution.type === "code" && !bundles.isReady(execution.deployment_bundle_id)) {
    throw badRequest("deployment_bundle_id: no such bundle, or its upload was not completed");
  }
  const deployment = createDeployment(body, ambient, deployMs, ruleOf(rules, "fail_build")?.message);
  deployments.set(deployment.id, deployment);
  store?.deployment({ deployment, deleted: false });
  counters.deploymentsCreated += 1;
  return dataReply(202, summaryOf(deployment, ambient.now()));
};

/** `start` and `stop` exist for services that run all the time. */
const switchTo =
  (stopped: boolean): Handler =>
  (premises, { route }) => {
    const deployment = needDeployment(premises, route.deploymentId);
    if (deployment.body.mode !== "always_on") throw badRequest("Only always_on deployments can be started and stopped");
    deployment.stopped = stopped;
    deployment.updatedAt = premises.ambient.now();
    premises.store?.deployment({ deployment, deleted: false });
    return dataReply(200, { status: statusOf(deployment, premises.ambient.now()) });
  };

const remove: Handler = (premises, { route }) => {
  const deployment = needDeployment(premises, route.deploymentId);
  premises.deployments.delete(deployment.id);
  premises.store?.deployment({ deployment, deleted: true });
  premises.counters.deploymentsDeleted += 1;
  for (const run of premises.runs.active()) if (run.deployment === deployment) run.cancel();
  return dataReply(200, { status: "deleted" });
};

const spend: Handler = (premises, { route, query }) => {
  const deployment = needDeployment(premises, route.deploymentId);
  const runs = premises.runs.list(new Query(query, NO_QUERY), deployment.id, [], NO_LAG);
  let compute = 0;
  let inference = 0;
  for (const run of runs) {
    const end = run.over ? run.current.at : run.now();
    const costs = costsOf(run, textOf(run.log.entries), end - (run.startedAt ?? run.createdAt));
    compute += costs.computeAtomic;
    inference += costs.inferenceAtomic;
  }
  const usd = (atomic: number) => (atomic / 1e6).toFixed(6);
  const first = runs.at(-1)?.createdAt;
  const last = runs[0]?.current.at;
  return dataReply(200, {
    total_cost_usd: usd(compute + inference),
    compute_cost_usd: usd(compute),
    inference_cost_usd: usd(inference),
    run_count: runs.length,
    first_event_at: first === undefined ? null : new Date(first).toISOString(),
    last_event_at: last === undefined ? null : new Date(last).toISOString(),
  });
};

/** Deployments made from a bundle. */
function deployedFrom(deployments: Parameters<Handler>[0]["deployments"], bundleId: string): string[] {
  const made: string[] = [];
  for (const { id, body } of deployments.values()) {
    const { execution } = body.workload;
    if (execution.type === "code" && execution.deployment_bundle_id.toLowerCase() === bundleId) made.push(id);
  }
  return made;
}

export const deploymentOperations = {
  deploy,
  deployments: ({ ambient, deployments }, { query }) => {
    new Query(query, NO_QUERY);
    const now = ambient.now();
    return dataReply(
      200,
      [...deployments.values()].map((deployment) => summaryOf(deployment, now)),
    );
  },
  deployment: (premises, { route }) =>
    dataReply(200, summaryOf(needDeployment(premises, route.deploymentId), premises.ambient.now())),
  delete: remove,
  start: switchTo(false),
  stop: switchTo(true),
  spend,
  register_bundle: ({ bundles }, { request, origin }) =>
    dataReply(200, bundles.register(readBody(request, BundleBodySchema), origin)),
  complete_bundle: ({ bundles }, { route }) => dataReply(200, bundles.complete(route.bundleId ?? "")),
  bundle: ({ bundles, deployments }, { route }) => {
    const id = route.bundleId ?? "";
    return dataReply(200, bundles.detail(id, deployedFrom(deployments, id)));
  },
  upload: ({ bundles }, { route, query, request }) => bundles.upload(route.bundleId ?? "", query, request),
} satisfies Partial<Record<Operation, Handler>>;
