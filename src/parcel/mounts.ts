/** Mounts of a parcel: where the data of each one is when the agent runs on Seren Cloud. */
import type { Mount, ResolvedMount } from "#protocols/dispatch-courier";
import { ExecutionFailure } from "../support/failure.ts";
import type { Parcel } from "./load.ts";
import { quoted } from "./printable.ts";

export interface MountTargets {
  /** Local folder that run artifacts are downloaded into. */
  artifactsDir: string;
}

/** Supported drivers of each mount kind: those of the built-in couriers. */
const DRIVERS: Readonly<Record<Mount["kind"], readonly string[]>> = {
  session: ["memory", "sqlite"],
  memory: ["none", "sqlite"],
  artifacts: ["local"],
};

/** Returns one entry per declared mount, in the order of the manifest. Throws `unsupported` for another driver. */
export function resolveMounts({ manifest }: Parcel, targets: MountTargets): ResolvedMount[] {
  return manifest.mounts.map((mount) => {
    const known = DRIVERS[mount.kind];
    if (!known.includes(mount.driver)) {
      throw new ExecutionFailure(
        "unsupported",
        `this parcel mounts ${mount.kind} with the driver ${quoted(mount.driver)}, which seren-cloud cannot honour. Write \`MOUNT ${mount.kind.toUpperCase()} ${known.join("` or `")}\` in its Agentfile and build it again`,
      );
    }
    return { kind: mount.kind, driver: mount.driver, ...placeOf(mount, targets) };
  });
}

function placeOf(mount: Mount, targets: MountTargets): Pick<ResolvedMount, "target_path" | "metadata"> {
  switch (mount.kind) {
    case "session":
      return {
        target_path: "seren-cloud:conversation",
        metadata: { location: "seren-cloud", storage: "conversation", local_copy: "session history" },
      };
    case "memory":
      return mount.driver === "none"
        ? { target_path: "seren-cloud:none", metadata: { location: "none", storage: "nothing was asked to be kept" } }
        : {
            target_path: "seren-cloud:memory",
            metadata: { location: "seren-cloud", storage: "kept by the remote runtime", local_copy: "none" },
          };
    case "artifacts":
      return {
        target_path: targets.artifactsDir,
        metadata: { location: "local", storage: "run artifacts are downloaded into this folder" },
      };
  }
}
