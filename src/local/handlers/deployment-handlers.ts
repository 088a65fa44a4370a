/** Operations on deployments. */
import { ruleOf } from "../faults/faults.ts";
import { badRequest } from "../http/api-error.ts";
import { readBody } from "../http/body.ts";
import { dataReply, type LocalReply } from "../http/exchange.ts";
import { spendOf } from "../model/costs.ts";
import { DeployBodySchema } from "../model/deploy-schema.ts";
import { createDeployment, statusOf, summaryOf } from "../model/deployments.ts";
import { checkDeploy } from "./check-deploy.ts";
import { type Handler, needDeployment, type RequestContext, type ServiceContext } from "./context.ts";

export const deploy: Handler = (service, request) => {
  const { ambient, deployments, bundles, counters, deployMs, store } = service;
  const body = readBody(request, DeployBodySchema);
  checkDeploy(body);
  const { execution } = body.workload;
  const bundle = execution.type === "code" ? bundles.ready(execution.deployment_bundle_id) : undefined;
  if (execution.type === "code" && bundle === undefined) {
    throw badRequest("deployment_bundle_id: no such bundle, or its upload was not completed");
  }
  const buildError = ruleOf(request.rules, "fail_build")?.message;
  const buildMs = ruleOf(request.rules, "slow_build")?.ms ?? deployMs;
  const deployment = createDeployment(body, ambient, { buildMs, buildError, bundleHash: bundle?.sha256 });
  deployments.set(deployment.id, deployment);
  service.schedules.add(deployment);
  store?.saveDeployment({ deployment, deleted: false });
  counters.deploymentsCreated += 1;
  return dataReply(202, summaryOf(deployment, ambient.now()));
};

export const listDeployments: Handler = ({ ambient, deployments }, { lag }) => {
  const now = ambient.now() - lag.statusMs;
  const summaries = [...deployments.values()]
    .filter(({ createdAt }) => createdAt <= now)
    .map((deployment) => summaryOf(deployment, now));
  return dataReply(200, summaries);
};

export const getDeployment: Handler = (service, request) =>
  dataReply(200, summaryOf(needDeployment(service, request), service.ambient.now()));

export const deleteDeployment: Handler = (service, request) => {
  const deployment = needDeployment(service, request);
  service.deployments.delete(deployment.id);
  service.schedules.remove(deployment);
  service.store?.saveDeployment({ deployment, deleted: true });
  service.counters.deploymentsDeleted += 1;
  for (const run of service.runs.active()) if (run.deployment === deployment) run.cancel();
  return dataReply(200, { status: "deleted" });
};

export const startDeployment: Handler = (service, request) => setStopped(service, request, { stopped: false });

export const stopDeployment: Handler = (service, request) => setStopped(service, request, { stopped: true });

function setStopped(service: ServiceContext, request: RequestContext, { stopped }: { stopped: boolean }): LocalReply {
  const deployment = needDeployment(service, request);
  if (deployment.body.mode !== "always_on") throw badRequest("Only always_on deployments can be started and stopped");
  deployment.stopped = stopped;
  deployment.updatedAt = service.ambient.now();
  service.store?.saveDeployment({ deployment, deleted: false });
  return dataReply(200, { status: statusOf(deployment, service.ambient.now()) });
}

export const getSpend: Handler = (service, request) => {
  const deployment = needDeployment(service, request);
  return dataReply(200, spendOf(service.runs.list({ deploymentId: deployment.id })));
};
