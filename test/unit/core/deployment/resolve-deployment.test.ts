/** Which deployment a run goes to, given what the organization already has. */
import { describe, expect, test } from "vitest";
import { type DeploymentNote, MemoryNotes } from "../../../../src/core/deployment/deployment-notes.ts";
import { Deploys } from "../../../../src/core/deployment/deploys.ts";
import { resolveDeployment } from "../../../../src/core/deployment/resolve-deployment.ts";
import type { Target } from "../../../../src/core/index.ts";
import type { HttpRequest, HttpTransport } from "../../../../src/seren/http/transport.ts";
import { type NewDeployment, SerenClient } from "../../../../src/seren/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const BODY: NewDeployment = {
  mode: "job",
  skill_slug: "triage",
  name: "triage-1",
  workload: { execution: { type: "llm", bundle: {} } },
};
const TARGET: Target = { kind: "workload", name: "triage-1", create: () => BODY };
const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;

interface Row {
  id: string;
  name: string;
  status: string;
  mode?: string;
  created_at?: string;
}

const row = ({ mode = "job", created_at = "2026-01-01T00:00:00Z", ...rest }: Row) => ({
  skill_slug: "triage",
  updated_at: created_at,
  mode,
  created_at,
  ...rest,
});

interface Service {
  /** Status of the deployment that a create call leaves; its answer never comes. */
  lost?: string;
  /** The list does not show what was made. */
  unlisted?: boolean;
  deploys?: Deploys;
}

/** An organization with `rows`; a deployment becomes `running` at the next look after start or deploy. */
async function resolved(
  rows: Row[],
  target: Target = TARGET,
  { lost, unlisted = false, deploys = new Deploys() }: Service = {},
) {
  const ambient = new VirtualAmbient(1);
  const calls: string[] = [];
  const deployments = rows.map(row);
  const answer = (data: unknown) => ({ status: 200, headers: {}, body: JSON.stringify({ data }) });
  const transport: HttpTransport = {
    async request({ method, path }: HttpRequest) {
      calls.push(`${method} ${path}`);
      if (path === "/deployments") return answer(unlisted ? [] : deployments);
      if (path === "/deploy") {
        deployments.push(row({ id: id(9), name: "triage-1", status: lost ?? "building" }));
        if (lost) throw new ExecutionFailure("unavailable", "the connection was lost");
        return { ...answer(deployments.at(-1)), status: 202 };
      }
      const one = deployments.find((deployment) => path.includes(deployment.id));
      if (one && method === "GET" && one.status !== "failed") one.status = "running";
      return answer(one);
    },
    openStream: () => Promise.reject(new Error("no stream here")),
    close: async () => undefined,
  };
  const statuses: string[] = [];
  const work = (async () => {
    const steps = resolveDeployment({
      client: new SerenClient(transport, ambient),
      deploys,
      request: { target },
      signal: new AbortController().signal,
    });
    for (;;) {
      const { done, value } = await steps.next();
      if (done) return value;
      statuses.push([value.phase, value.detail].filter(Boolean).join(": "));
    }
  })();
  const deploymentId = await ambient.runUntil(work);
  return { deploymentId, calls, statuses };
}

test("a live one of the name is used", async () => {
  const { deploymentId, calls } = await resolved([
    { id: id(1), name: "other", status: "running" },
    { id: id(2), name: "triage-1", status: "running" },
  ]);
  expect(deploymentId).toBe(id(2));
  expect(calls).toEqual(["GET /deployments"]);
});

test("of two, the older: processes that raced meet on it", async () => {
  const { deploymentId } = await resolved([
    { id: id(1), name: "triage-1", status: "running", created_at: "2026-01-02T00:00:00Z" },
    { id: id(2), name: "triage-1", status: "running", created_at: "2026-01-01T00:00:00Z" },
  ]);
  expect(deploymentId).toBe(id(2));
});

test("a stopped job runs as it is; a stopped service is started first and nothing is made", async () => {
  const job = await resolved([{ id: id(1), name: "triage-1", status: "stopped" }]);
  expect(job).toMatchObject({ deploymentId: id(1), calls: ["GET /deployments"] });
  const service = await resolved([{ id: id(1), name: "triage-1", status: "stopped", mode: "always_on" }]);
  expect(service.deploymentId).toBe(id(1));
  expect(service.calls).toEqual(["GET /deployments", `POST /deployments/${id(1)}/start`, `GET /deployments/${id(1)}`]);
});

test("a failed one is left alone and another is made, waited for while it is built", async () => {
  const { deploymentId, calls, statuses } = await resolved([{ id: id(1), name: "triage-1", status: "failed" }]);
  expect(deploymentId).toBe(id(9));
  expect(calls).toContain("POST /deploy");
  expect(calls.filter((call) => call.startsWith("DELETE"))).toEqual([]);
  expect(statuses).toEqual(["resolving", "deploying: triage-1", "deploying: building"]);
});

test("one whose create answer was lost is not made again, even when it failed to build at once", async () => {
  const old = { id: id(1), name: "triage-1", status: "failed" };
  const { deploymentId, calls } = await resolved([old], TARGET, { lost: "building" });
  expect(deploymentId).toBe(id(9));
  expect(calls.filter((call) => call === "POST /deploy")).toHaveLength(1);
  await expect(resolved([old], TARGET, { lost: "failed" })).rejects.toMatchObject({
    message: "the deployment failed to build",
    details: { hint: "prune_deployments" },
  });
});

test("a named deployment and a known one are used without a request", async () => {
  const named = await resolved([], { kind: "deployment", deploymentId: id(5), named: "the label" });
  expect(named).toMatchObject({ deploymentId: id(5), calls: [] });
  expect(await resolved([], { ...TARGET, knownId: id(6) })).toMatchObject({ deploymentId: id(6), calls: [] });
});

describe("one that the list does not show yet", () => {
  const NOTE = { id: id(9), at: 0 };
  const noting = async (note: DeploymentNote) => {
    const notes = new MemoryNotes();
    await notes.write("triage-1", note);
    return new Deploys(notes);
  };

  test("is made once, however many requests follow", async () => {
    const deploys = new Deploys();
    const first = await resolved([], TARGET, { unlisted: true, deploys });
    expect(first.calls).toContain("POST /deploy");
    const made = { id: id(9), name: "triage-1", status: "running" };
    const second = await resolved([made], TARGET, { unlisted: true, deploys });
    expect(second).toMatchObject({ deploymentId: id(9) });
    expect(second.calls).not.toContain("POST /deploy");
  });

  test("and was noted by another process is used", async () => {
    const others = [{ id: id(9), name: "triage-1", status: "running" }];
    const { deploymentId, calls } = await resolved(others, TARGET, { unlisted: true, deploys: await noting(NOTE) });
    expect(deploymentId).toBe(id(9));
    expect(calls).not.toContain("POST /deploy");
  });

  test("and has failed, or has another name, is not", async () => {
    for (const row of [
      { id: id(8), name: "triage-1", status: "failed" },
      { id: id(8), name: "another", status: "running" },
    ]) {
      const deploys = await noting({ id: id(8), at: 0 });
      expect((await resolved([row], TARGET, { unlisted: true, deploys })).calls).toContain("POST /deploy");
    }
  });

  test("and whose create call another process has just sent is searched for before another is made", async () => {
    const { calls } = await resolved([], TARGET, { deploys: await noting({ at: new VirtualAmbient(1).now() }) });
    const before = calls.slice(0, calls.indexOf("POST /deploy"));
    expect(before.length).toBeGreaterThan(10);
  });
});
