/** This program as a package of Roder's. Roder installs packages itself: this reads what it has and names its commands. */
import { dirname, join } from "node:path";
import * as z from "zod";
import type { InstallContext, PackagePlan } from "../../../install/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { parseJson } from "../../../support/objects.ts";
import { readPlainFile, textOf } from "../../../support/plain-file.ts";
import { roderFolder } from "./roder-config.ts";
import { ownRoderEntry, roderManifest } from "./roder-entry.ts";

export const PACKAGE_ID = "seren-bridge";

/** What `roder install` is given for each source. */
const SOURCES = {
  folder: packageFolder,
  git: () => "git:github.com/serenorg/seren-bridge@packed", // the branch that has the build
  npm: () => `npm:${PACKAGE_ID}`,
};
export type PackageSource = keyof typeof SOURCES;

const PackagesSchema = z.looseObject({
  packages: z.array(
    z.looseObject({
      packageId: z.string(),
      enabled: z.boolean().optional(),
      extensionsApproved: z.boolean().optional(),
    }),
  ),
});

const MAX_BYTES = 4 * 1024 * 1024;

export type PackageState = "approved" | "not approved" | "disabled";

export async function planRoderPackage(
  context: InstallContext,
  source: string,
  { undo }: { undo: boolean },
): Promise<PackagePlan> {
  if (!Object.hasOwn(SOURCES, source))
    throw new ExecutionFailure("invalid_input", `${source} is not a source of packages`);
  const locate = SOURCES[source as PackageSource];
  return {
    commands: packageCommands(locate(context), await packageState(context), undo),
    done: undo ? "Roder has no package seren-bridge." : "Roder has seren-bridge as a package, and it is approved.",
    next: "Then start Roder again: it loads extensions at its start only.",
    notes: undo ? [] : await packageNotes(context),
  };
}

/** As `roder packages list` says it; undefined when the package is not installed. Throws `invalid_input` for another file. */
export async function packageState(context: InstallContext): Promise<PackageState | undefined> {
  const path = join(roderFolder(context), "packages.json");
  const file = await readPlainFile(path, MAX_BYTES);
  if (!file) return undefined;
  const list = PackagesSchema.safeParse(parseJson(textOf(path, file.bytes))).data;
  if (!list) {
    throw new ExecutionFailure(
      "invalid_input",
      `${path} is not a list of Roder's packages; repair it, or move it away`,
    );
  }
  const own = list.packages.find(({ packageId }) => packageId === PACKAGE_ID);
  if (!own) return undefined;
  if (own.enabled === false) return "disabled";
  return own.extensionsApproved ? "approved" : "not approved";
}

/** The commands that are left, in order. */
function packageCommands(source: string, state: PackageState | undefined, undo: boolean): string[] {
  if (undo) return state === undefined ? [] : [`roder remove ${PACKAGE_ID}`];
  return [
    ...(state === undefined ? [`roder install ${source}`] : []),
    ...(state === "disabled" ? [`roder packages enable ${PACKAGE_ID}`] : []),
    ...(state === "approved" ? [] : [`roder packages approve ${PACKAGE_ID}`]),
  ];
}

/** The folder that holds the manifest. Throws `invalid_input` when this program is not in a package. */
function packageFolder(context: InstallContext): string {
  const manifest = roderManifest(context);
  if (manifest) return dirname(manifest);
  throw new ExecutionFailure(
    "invalid_input",
    `${context.paths.program} is one file, not a package; use --package npm or git`,
  );
}

/** What Roder does not give a package. */
async function packageNotes(context: InstallContext): Promise<string[]> {
  const { from } = await context.keys.source();
  const lost = roderManifest(context) ? Object.keys(ownRoderEntry(context).env ?? {}) : [];
  const notes: string[] = [];
  if (from === "environment" || from === "none")
    notes.push("Roder gives a package no environment, so it needs a stored key: run `seren-bridge login`.");
  if (lost.length > 0)
    notes.push(
      `A package does not see ${lost.join(", ")} of this shell: \`seren-bridge setup roder --write\` adds them to Roder's config.toml.`,
    );
  return notes;
}
