/** This program as a package of Roder's. Roder installs packages itself: here is what it has, and what it is to be told. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { ExecutionFailure } from "../../../support/failure.ts";
import type { Services } from "../services.ts";
import { roderFolder } from "./roder-config.ts";

export const PACKAGE_ID = "seren-bridge";
export const PACKAGE_ROUTES = ["folder", "git", "npm"] as const;
export type PackageRoute = (typeof PACKAGE_ROUTES)[number];

const PackagesSchema = z.looseObject({
  packages: z.array(
    z.looseObject({
      packageId: z.string(),
      enabled: z.boolean().optional(),
      extensionsApproved: z.boolean().optional(),
    }),
  ),
});

export type PackageState = "approved" | "not approved" | "disabled";

/** As `roder packages list` says it; undefined when the package is not installed. */
export async function packageState(services: Pick<Services, "paths" | "variable">): Promise<PackageState | undefined> {
  let text: string;
  try {
    text = await readFile(join(roderFolder(services), "packages.json"), "utf8");
  } catch {
    return undefined;
  }
  const own = PackagesSchema.safeParse(JSON.parse(text)).data?.packages.find(
    ({ packageId }) => packageId === PACKAGE_ID,
  );
  if (!own) return undefined;
  if (own.enabled === false) return "disabled";
  return own.extensionsApproved ? "approved" : "not approved";
}

/** What is left to be typed, in order; empty when there is nothing. */
export function packageCommands(source: string, state: PackageState | undefined, undo: boolean): string[] {
  if (undo) return state === undefined ? [] : [`roder remove ${PACKAGE_ID}`];
  return [
    ...(state === undefined ? [`roder install ${source}`] : []),
    ...(state === "disabled" ? [`roder packages enable ${PACKAGE_ID}`] : []),
    ...(state === "approved" ? [] : [`roder packages approve ${PACKAGE_ID}`]),
  ];
}

/** What `roder install` is given. Throws `invalid_input` when this program does not lie in a package. */
export function packageSource(route: PackageRoute, { paths }: Pick<Services, "paths">): string {
  if (route === "npm") return `npm:${PACKAGE_ID}`;
  if (route === "git") return "git:github.com/serenorg/seren-bridge@packed"; // the branch that has the build
  if (paths.roderManifest) return dirname(paths.roderManifest);
  throw new ExecutionFailure("invalid_input", `${paths.program} is one file, not a package; use --package npm or git`);
}
