import { expect, test } from "vitest";
import { type MOUNT_KINDS, ResolvedMountSchema } from "#protocols/dispatch-courier";
import { loadParcel, resolveMounts } from "../../../src/parcel/index.ts";
import { altered, failureOf, parcelDir } from "./parcels.ts";

const targets = { artifactsDir: "/state/artifacts/keeper" };
const mounted = (kind: (typeof MOUNT_KINDS)[number], driver: string) =>
  altered("minimal", { mounts: [{ kind, driver, options: [] }] });

test("each mount states where its data is", async () => {
  const resolved = resolveMounts(await loadParcel(parcelDir("mounts")), targets);
  expect(resolved).toEqual([
    {
      kind: "session",
      driver: "sqlite",
      target_path: "seren-cloud:conversation",
      metadata: { location: "seren-cloud", storage: "conversation", local_copy: "session history" },
    },
    {
      kind: "memory",
      driver: "sqlite",
      target_path: "seren-cloud:memory",
      metadata: { location: "seren-cloud", storage: "kept by the remote runtime", local_copy: "none" },
    },
    {
      kind: "artifacts",
      driver: "local",
      target_path: "/state/artifacts/keeper",
      metadata: { location: "local", storage: "run artifacts are downloaded into this folder" },
    },
  ]);
  for (const mount of resolved) ResolvedMountSchema.parse(mount);
});

test("the other supported drivers", async () => {
  expect(resolveMounts(await mounted("session", "memory"), targets)).toMatchObject([
    { driver: "memory", metadata: { location: "seren-cloud" } },
  ]);
  expect(resolveMounts(await mounted("memory", "none"), targets)).toMatchObject([
    { driver: "none", metadata: { location: "none" } },
  ]);
  expect(resolveMounts(await altered("minimal", { mounts: [] }), targets)).toEqual([]);
});

test("an unsupported driver is refused with the supported one", async () => {
  const parcel = await loadParcel(parcelDir("mounts-unsupported"));
  expect(await failureOf(() => resolveMounts(parcel, targets))).toEqual({
    kind: "unsupported",
    message:
      'this parcel mounts session with the driver "postgres", which seren-cloud cannot honour. Write `MOUNT SESSION memory` or `sqlite` in its Agentfile and build it again',
  });
  for (const [kind, driver] of [
    ["session", "none"],
    ["memory", "memory"],
    ["artifacts", "s3"],
    ["artifacts", "LOCAL"],
  ] as const) {
    expect((await failureOf(async () => resolveMounts(await mounted(kind, driver), targets))).kind).toBe("unsupported");
  }
});
