/** A decision is about what was shown: the service is asked once more right before it is sent. */
import { expect, test } from "vitest";
import { ApprovalDesk } from "../../../../src/core/account/approvals.ts";
import { RequestsChanged } from "../../../../src/core/account/checkpoint.ts";
import { SerenClient } from "../../../../src/seren/client/client.ts";
import { data, FakeTransport } from "../../../support/in-process/fake-transport.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const RUN = "1f3c0000-0000-4000-8000-000000000001";
const DEPLOYMENT = "1f3c0000-0000-4000-8000-000000000002";
const SHOWN = '{"id":"a","tool":"pay","args":{"cents":12345678901234567890},"reason":"rent"}';

async function desk() {
  const ambient = new VirtualAmbient(1);
  const transport = new FakeTransport(ambient);
  let asked = SHOWN;
  let checkpoint = "c1";
  transport
    .on(`GET /runs/${RUN}`, () => data({ id: RUN, deployment_id: DEPLOYMENT, status: "awaiting_approval" }))
    .on(`GET /runs/${RUN}/pending_approvals`, () => ({
      body: `{"data":{"status":"awaiting_approval","checkpoint_id":"${checkpoint}","pending_approvals":[${asked}]}}`,
    }))
    .on(`POST /deployments/${DEPLOYMENT}/runs`, () => ({ ...data({ run_id: RUN, status: "queued" }), status: 202 }));
  const approvals = new ApprovalDesk(new SerenClient(transport, ambient));
  const shown = await ambient.runUntil(approvals.checkpoint(RUN));
  return {
    shown,
    decide: () => ambient.runUntil(approvals.decide(shown, () => "approve")),
    sent: () => transport.sent.filter(({ method }) => method === "POST").map(({ body }) => body),
    change(request: string, at = "c1") {
      asked = request;
      checkpoint = at;
    },
  };
}

test("arguments keep their digits on the way from the wire", async () => {
  expect((await desk()).shown.requests).toMatchObject([{ argsText: '{"cents":12345678901234567890}' }]);
});

test("what is still asked for is decided", async () => {
  const { decide, sent } = await desk();
  expect(await decide()).toMatchObject({ runId: RUN });
  expect(sent()).toHaveLength(1);
});

test.each([
  ["other digits", SHOWN.replace("567890}", "567891}"), "c1"],
  ["another tool", SHOWN.replace("pay", "pay_all"), "c1"],
  ["another reason", SHOWN.replace("rent", "gift"), "c1"],
  ["another id", SHOWN.replace('"a"', '"b"'), "c1"],
  ["one more request", `${SHOWN},{"id":"b","tool":"pay"}`, "c1"],
  ["another checkpoint", SHOWN, "c2"],
])("%s since it was shown: nothing is sent, and what is asked for now is returned", async (_, request, at) => {
  const { decide, sent, change } = await desk();
  change(request, at);
  const failure = await decide().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestsChanged);
  expect((failure as RequestsChanged).now).toMatchObject({ checkpointId: at });
  expect(sent()).toEqual([]);
});
