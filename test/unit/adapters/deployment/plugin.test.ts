/** The plugin's own words for what the core has done, on an embedded service in virtual time. */
import { expect, test } from "vitest";
import { DEPLOYMENT_PROTOCOL_VERSION, type DeploymentResult } from "#protocols/dispatch-deployment";
import { createDeploymentPlugin } from "../../../../src/adapters/deployment/index.ts";
import type { MethodContext } from "../../../../src/stdio/index.ts";
import { asFailure } from "../../../../src/support/failure.ts";
import { DeskWorld } from "../../core/deployment/desk-harness.ts";

function pluginOn(world: DeskWorld) {
  const redactor = { add: () => undefined };
  const desk = world.desk();
  const { methods, toWireError } = createDeploymentPlugin({
    connection: { local: false, base: () => "http://127.0.0.1", baseOf: (origin) => origin, redactor },
    connect: async () => desk,
    secret: () => undefined,
    variable: () => undefined,
    cwd: "/",
    redactor,
    interrupted: new AbortController().signal,
    ambient: world.calls.ambient,
  });
  return async (kind: string, params: object) => {
    const method = methods[`deployment.${kind}`];
    if (!method) throw new Error(`no method ${kind}`);
    const whole = { kind, protocol_version: DEPLOYMENT_PROTOCOL_VERSION, ...params };
    const work = (async () => method(whole, {} as MethodContext))();
    return world.run(
      work.then(
        (result) => ({ result: result as DeploymentResult, error: undefined }),
        (error: unknown) => ({ result: undefined, error: toWireError(asFailure(error), "").data }),
      ),
    );
  };
}

const nightly = (content: string, schedule: string) => ({
  name: "night",
  spec: {
    cron_schedule: schedule,
    workload: { execution: { type: "llm", instructions: [{ kind: "skill", content }] } },
  },
});

test("a superseded schedule that goes on is an error that says what to do; the next upsert finishes it", async () => {
  const world = new DeskWorld();
  const ask = pluginOn(world);
  const first = await ask("upsert", nightly("One.", "0 3 1 1 *"));
  const old = first.result?.kind === "deployment" ? first.result.deployment.deployment_id : "";
  const run = await world.calls.start(old, [{ hang: true }]);
  const { error } = await ask("upsert", nightly("Two.", "0 4 * * *"));
  expect(error).toMatchObject({
    dispatch_error: {
      code: "still_scheduled",
      message: expect.stringMatching(
        /would go on with its schedule 0 3 1 1 \* UTC.*dispatch up \..*dispatch deployment delete/,
      ),
      details: { still_scheduled: [old] },
    },
  });
  await world.calls.post(`/runs/${run}/cancel`);
  const { result } = await ask("upsert", nightly("Two.", "0 4 * * *"));
  expect(result).toMatchObject({ deployment: { detail: { superseded: [{ deployment_id: old }] } } });
});
