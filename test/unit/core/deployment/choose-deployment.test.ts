import { describe, expect, test } from "vitest";
import {
  chooseDeployment,
  chooseNamedDeployment,
  type DeploymentCandidates,
} from "../../../../src/core/deployment/choose-deployment.ts";
import type { NewDeployment } from "../../../../src/seren/index.ts";

const create = (): NewDeployment => {
  throw new Error("nothing is created by choosing");
};
const WORKLOAD = { kind: "workload", name: "notes-1", create } as const;
const REQUESTED = { deploymentId: "requested", named: "--deployment" };
const BOUND = { deploymentId: "bound", named: "the parcel's label" };

const ALL: DeploymentCandidates = {
  requested: REQUESTED,
  bound: () => BOUND,
  configured: "configured",
  remembered: { id: "remembered", name: "notes-1" },
  workload: () => WORKLOAD,
};
const unexpected = () => {
  throw new Error("a later candidate was asked for");
};

describe("the order", () => {
  test("1. a deployment named by the request; nothing else is asked for", () => {
    expect(chooseDeployment({ ...ALL, bound: unexpected, workload: unexpected })).toEqual({
      kind: "deployment",
      ...REQUESTED,
    });
  });

  test("2. the one that what is run is bound to", () => {
    const { requested: _, ...rest } = ALL;
    expect(chooseDeployment({ ...rest, workload: unexpected })).toEqual({ kind: "deployment", ...BOUND });
  });

  test("3. SEREN_BRIDGE_DEPLOYMENT, named as the source", () => {
    const { requested: _, ...rest } = ALL;
    expect(chooseDeployment({ ...rest, bound: () => undefined, workload: unexpected })).toEqual({
      kind: "deployment",
      deploymentId: "configured",
      named: "SEREN_BRIDGE_DEPLOYMENT",
    });
  });

  test("4. the workload, on the deployment remembered for its name", () => {
    const { remembered, workload } = ALL;
    expect(chooseDeployment({ configured: undefined, remembered, workload })).toEqual({
      ...WORKLOAD,
      knownId: "remembered",
    });
  });

  test("a deployment remembered for another name is not used", () => {
    const remembered = { id: "remembered", name: "notes-0" };
    expect(chooseDeployment({ configured: undefined, remembered, workload: ALL.workload })).toEqual(WORKLOAD);
  });

  test("5. and 6. the workload by its name alone, found or created when it runs", () => {
    expect(chooseDeployment({ configured: undefined, workload: ALL.workload })).toEqual(WORKLOAD);
  });

  test("an empty setting names nothing", () => {
    expect(chooseDeployment({ configured: "", workload: ALL.workload })).toEqual(WORKLOAD);
  });
});

test("what a candidate throws is passed on, before a later one is asked for", () => {
  const bound = () => {
    throw new Error("not an id");
  };
  expect(() => chooseDeployment({ ...ALL, requested: undefined, bound, workload: unexpected })).toThrow("not an id");
});

test("a named deployment can be asked for without the workload", () => {
  expect(chooseNamedDeployment({ configured: "configured" })).toMatchObject({ deploymentId: "configured" });
  expect(chooseNamedDeployment({ configured: undefined, bound: () => undefined })).toBeUndefined();
});
