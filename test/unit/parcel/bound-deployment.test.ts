import { expect, test } from "vitest";
import { boundDeployment, openParcel } from "../../../src/parcel/index.ts";
import { altered, failureOf, parcelDir } from "./parcels.ts";

test.each([
  ["bound", "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11"],
  ["chat-bound-by-host", "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11"],
  ["chat", undefined],
])("%s", async (name, id) => {
  const { parcel } = await openParcel(parcelDir(name));
  expect(boundDeployment(parcel)).toEqual(
    id && { deploymentId: id, named: "the parcel's label dispatch.deployment.id" },
  );
});

test.each([
  "",
  "../runs",
  "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11/stop",
  "0f6b2c1e7a544c529f0b0d9d3a6f4b11",
  "0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11\n",
])("the label %j is refused: it would become part of a URL", async (id) => {
  const parcel = await altered("minimal", { labels: { "dispatch.deployment.id": id } });
  expect((await failureOf(() => boundDeployment(parcel))).kind).toBe("invalid_input");
});

test("upper case is the same id", async () => {
  const parcel = await altered("minimal", {
    labels: { "dispatch.deployment.id": "0F6B2C1E-7A54-4C52-9F0B-0D9D3A6F4B11" },
  });
  expect(boundDeployment(parcel)?.deploymentId).toBe("0f6b2c1e-7a54-4c52-9f0b-0d9d3a6f4b11");
});
