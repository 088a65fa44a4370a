import { expect, test } from "vitest";
import { loadParcel, openParcel, requireCompatible } from "../../../src/parcel/index.ts";
import { altered, failureOf, parcelDir, REFUSED, RUNNABLE } from "./parcels.ts";

const custom = (reference: string) => altered("minimal", { courier: { kind: "custom", reference } });

test.each(RUNNABLE)("%s is compatible", async (name) => {
  requireCompatible(await loadParcel(parcelDir(name)));
});

test.each([
  "custom",
  "dispatch/custom",
  "dispatch/custom:latest",
  "dispatch/custom:0.4",
  "dispatch/custom@sha256:ab",
  "Dispatch/CUSTOM:x",
  "Custom",
])("the reference %s is of the custom family", async (reference) => {
  requireCompatible(await custom(reference));
});

test.each([
  "acme/whatever:1",
  "Dispatch/Native:latest",
  "dispatch/customs",
  "custom:latest",
  "dispatch/custom/x",
  " custom",
  "x/dispatch/custom",
  "dispatch/cuſtom",
  "seren-cloud",
  "",
])("the reference %j is not, though its kind is custom", async (reference) => {
  expect((await failureOf(async () => requireCompatible(await custom(reference)))).kind).toBe("unsupported");
});

test("the kind counts, too", async () => {
  const parcel = await altered("minimal", { courier: { kind: "wasm", reference: "dispatch/custom:latest" } });
  expect((await failureOf(() => requireCompatible(parcel))).kind).toBe("unsupported");
});

test("a refusal names the line that makes the parcel compatible", async () => {
  expect(await failureOf(() => openParcel(parcelDir("native")))).toEqual({
    kind: "unsupported",
    message:
      'this parcel is built for the courier "dispatch/native:latest"; seren-cloud runs parcels of the generic custom family. To run it here, put `FROM dispatch/custom:latest` into its Agentfile and build it again',
  });
  expect(await failureOf(() => openParcel(parcelDir("network")))).toEqual({
    kind: "unsupported",
    message:
      "this parcel has network rules (allow api.example.com), and Seren Cloud cannot enforce rules by host name. Remove the NETWORK lines from its Agentfile and build it again",
  });
});

test.each(REFUSED)("%s is refused when it is opened", async (name) => {
  expect((await failureOf(() => openParcel(parcelDir(name)))).kind).toBe("unsupported");
});
