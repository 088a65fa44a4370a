/** `dispatch up` and `dispatch deployment …`, as the operations that the host sends to the built plugin. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEPLOYMENT_PROTOCOL_VERSION } from "#protocols/dispatch-deployment";
import type { OddService } from "./odd-service.ts";
import { type Home, KEY } from "./program.ts";
import type { Observation, Scenario } from "./scenario.ts";

const AGENT = (content: string, more: object = {}) => ({
  ...more,
  workload: { execution: { type: "llm", instructions: [{ kind: "skill", content }] } },
});
const CODE = (folder: string) => ({ code: { bundle_path: folder, runtime_kind: "python" } });
const CRON = { cron_schedule: "0 3 1 1 *" };

interface Reply {
  result?: { kind: string; deployment?: { deployment_id: string; status: string }; deployments?: object[] };
  error?: { data?: { dispatch_error: { code: string } }; message: string };
}

async function operate(home: Home, kind: string, params: object): Promise<Observation & { id: string }> {
  const request = {
    jsonrpc: "2.0",
    id: 1,
    method: `deployment.${kind}`,
    params: { kind, protocol_version: DEPLOYMENT_PROTOCOL_VERSION, ...params },
  };
  const { code, stdout, stderr } = await home.run(["deployment"], undefined, `${JSON.stringify(request)}\n`);
  const { result, error }: Reply = JSON.parse(stdout);
  return {
    code,
    kind: result?.kind ?? error?.data?.dispatch_error.code,
    id: result?.deployment?.deployment_id ?? "",
    count: result?.deployments?.length,
    error: error?.message ?? (code === 0 ? undefined : stderr.slice(-300)),
  };
}

/** What exists of the family in the end: names without their hashes, and statuses. */
async function family(service: OddService): Promise<string[]> {
  const headers = { authorization: `Bearer ${KEY}` };
  const request = { method: "GET", path: "/publishers/seren-cloud/deployments", headers, body: undefined };
  const response = await service.cloud.handle(request);
  if (response.drop || typeof response.body !== "string") throw new Error("the list is lost");
  const rows: { name: string; status: string }[] = JSON.parse(response.body).data;
  return rows.map(({ name, status }) => `${name} ${status}`).sort();
}

const upsert = (home: Home, spec: object) => operate(home, "upsert", { name: "night", spec });

const observed = async (service: OddService, { id, ...seen }: Observation & { id: string }) => ({
  ...seen,
  hasId: id !== "",
  family: await family(service),
});

function folderIn(home: Home): string {
  const folder = join(home.folder, "worker");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "main.py"), "print('hello')\n");
  return folder;
}

export const DEPLOYMENT_SCENARIOS: readonly Scenario[] = [
  {
    name: "dispatch up, first",
    service: { deployMs: 300 },
    play: async (home, _, service) => observed(service, await upsert(home, AGENT("One."))),
  },
  {
    name: "dispatch up, code",
    play: async (home, _, service) => observed(service, await upsert(home, CODE(folderIn(home)))),
  },
  {
    name: "dispatch up, unchanged",
    before: async (_, home) => (await upsert(home, AGENT("One."))).id,
    play: async (home, id, service) => {
      const seen = await upsert(home, AGENT("One."));
      return { ...(await observed(service, seen)), isSame: seen.id === id };
    },
  },
  {
    name: "dispatch up, changed",
    before: async (_, home) => (await upsert(home, AGENT("One.", CRON))).id,
    play: async (home, _, service) => observed(service, await upsert(home, AGENT("Two.", CRON))),
  },
  {
    name: "dispatch up, deploy answer lost",
    mishaps: [{ kind: "lost", operation: "deploy" }],
    before: async (_, home) => (await upsert(home, AGENT("One."))).id,
    play: async (home, _, service) => observed(service, await upsert(home, AGENT("Two."))),
  },
  {
    name: "dispatch up, a service that was stopped",
    before: async (_, home) => {
      const { id } = await upsert(home, AGENT("One.", { mode: "always_on" }));
      await operate(home, "stop", { deployment_id: id });
      return id;
    },
    play: async (home, _, service) => observed(service, await upsert(home, AGENT("One.", { mode: "always_on" }))),
  },
  {
    name: "dispatch deployment, list and delete",
    before: async (_, home) => (await upsert(home, AGENT("One."))).id,
    play: async (home, id, service) => {
      const { count } = await operate(home, "list", { filters: null });
      return { count, ...(await observed(service, await operate(home, "delete", { deployment_id: id }))) };
    },
  },
];
