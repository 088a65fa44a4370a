/** What a turn runs on; the order itself is tested in test/unit/core/deployment/choose-deployment.test.ts. */
import { expect, test } from "vitest";
import type { CourierState } from "../../../../src/adapters/courier/session.ts";
import { type TargetSettings, turnTarget } from "../../../../src/adapters/courier/turn-target.ts";
import type { Target } from "../../../../src/core/index.ts";
import { type OpenedParcel, openParcel } from "../../../../src/parcel/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { Secret } from "../../../../src/support/secret.ts";
import { failureOf, parcelDir } from "../../parcel/parcels.ts";

const LABEL_ID = "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11";
const SETTING_ID = "11111111-1111-4111-8111-111111111111";
const STATE_ID = "22222222-2222-4222-8222-222222222222";

const chat = await openParcel(parcelDir("chat"));
const bound = await openParcel(parcelDir("bound"));
const job = await openParcel(parcelDir("job"));

function target(
  opened: OpenedParcel,
  state: Partial<CourierState> = {},
  settings: Partial<TargetSettings> = {},
): Promise<Target> {
  return turnTarget(
    opened,
    { v: 1, ...state },
    {
      deployment: undefined,
      secret: () => undefined,
      variable: () => undefined,
      log: silentLog,
      apiKey: () => new Secret("the-key"),
      redactor: createRedactor(),
      ...settings,
    },
  );
}

function workload(found: Target): Extract<Target, { kind: "workload" }> {
  if (found.kind !== "workload") throw new Error(`not a workload: ${JSON.stringify(found)}`);
  return found;
}

const name = workload(await target(chat)).name;
const known = { deployment: { id: STATE_ID, name } };

test("1. the parcel's label comes before everything", async () => {
  expect(await target(bound, known, { deployment: SETTING_ID })).toEqual({
    kind: "deployment",
    deploymentId: LABEL_ID,
    named: "the parcel's label dispatch.deployment.id",
  });
});

test("2. then SEREN_BRIDGE_DEPLOYMENT", async () => {
  expect(await target(chat, known, { deployment: SETTING_ID })).toEqual({
    kind: "deployment",
    deploymentId: SETTING_ID,
    named: "SEREN_BRIDGE_DEPLOYMENT",
  });
});

test("a named deployment is used as it is and needs neither key nor secrets", async () => {
  const refuse = () => {
    throw new ExecutionFailure("unauthorized", "no key");
  };
  expect(await target(job, {}, { deployment: SETTING_ID, apiKey: refuse })).toMatchObject({ deploymentId: SETTING_ID });
});

test("3. then the deployment of the session, as long as the name of the workload is the same", async () => {
  expect(workload(await target(chat, known)).knownId).toBe(STATE_ID);
  expect(name).toMatch(/^field-notes-7f034b2e-[0-9a-f]{8}$/);
  const elsewhere = workload(await target(chat, known, { apiKey: () => new Secret("another-key") }));
  expect(elsewhere.name, "another account has other deployments").not.toBe(name);
  expect(elsewhere.knownId).toBeUndefined();
});

test("4. and 5. then one with that name, or a new one made from the parcel", async () => {
  const found = workload(await target(chat));
  expect(found.knownId).toBeUndefined();
  const created = await found.create();
  expect(created).toMatchObject({ name, mode: "job", workload: { execution: { type: "llm" } } });
});

test("a changed secret gets another deployment", async () => {
  const secrets: Record<string, string> = { REPORT_DB_URL: "postgres://one", REPORT_TOKEN: "token-one" };
  const before = workload(await target(job, {}, { secret: (key) => secrets[key] }));
  secrets.REPORT_TOKEN = "token-two";
  const after = workload(
    await target(job, { deployment: { id: STATE_ID, name: before.name } }, { secret: (key) => secrets[key] }),
  );
  expect(after.name).not.toBe(before.name);
  expect(after.knownId).toBeUndefined();
});

test("declared secrets are redacted before they are sent", async () => {
  const redactor = createRedactor();
  await target(job, {}, { redactor, variable: (key) => `value of ${key}`, secret: (key) => `value of ${key}` });
  expect(redactor.redact("it is value of REPORT_TOKEN, no?")).toBe("it is [redacted], no?");
});

test("a missing secret is reported before a request is made and before the key is read", async () => {
  const apiKey = () => {
    throw new Error("asked for the key");
  };
  expect(await failureOf(() => target(job, {}, { apiKey }))).toMatchObject({
    kind: "invalid_input",
    message: expect.stringMatching(/^this parcel needs the secrets REPORT_DB_URL, REPORT_TOKEN, not set here/),
  });
});

test("a label that is no id is refused", async () => {
  const labels = { ...bound.parcel.manifest.labels, "dispatch.deployment.id": "../../runs" };
  const spoilt = { ...bound, parcel: { ...bound.parcel, manifest: { ...bound.parcel.manifest, labels } } };
  expect(await failureOf(() => target(spoilt))).toMatchObject({ kind: "invalid_input" });
});
