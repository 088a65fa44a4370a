/** The extension in Roder's `config.toml`, or as a package that Roder installs itself. */
import { carriedVariables, type HostInstaller } from "../../../install/index.ts";
import type { PackageSource } from "./roder-package.ts";

/** What it does is loaded when it is asked to: this is part of each command's start. */
export const roderInstaller: HostInstaller = {
  id: "roder",
  name: "Roder",
  help: {
    summary: "the extension in Roder's config.toml",
    description:
      "Adds the extension to config.toml in ~/.roder (or RODER_CONFIG_DIR), with the settings of this shell.",
    write: "add the extension to Roder's config.toml",
  },
  next: 'Restart Roder to load it. Try it: roder tasks submit seren-cloud-run \'{"prompt": "hello"}\'',
  async plan(context, { undo }) {
    const { readRoderConfig, withoutRoderEntry, withRoderEntry } = await import("./roder-config.ts");
    const file = await readRoderConfig(context);
    if (undo) return [withoutRoderEntry(file)];
    const { ownRoderEntry } = await import("./roder-entry.ts");
    return [withRoderEntry(file, ownRoderEntry(context))];
  },
  async notes(context) {
    const { from } = await context.keys.source();
    const notes: string[] = [];
    const { withheld } = carriedVariables(context.variable);
    if (withheld.length > 0)
      notes.push(
        `Not written, because a password may be in it: ${withheld.join(", ")}. If Roder needs it, add it to the entry by hand.`,
      );
    if (from === "environment")
      notes.push("Roder does not pass SEREN_API_KEY on to extensions: store the key with `seren-bridge login`.");
    if (from === "none") notes.push("There is no API key yet: run `seren-bridge login`.");
    if (await (await import("./roder-package.ts")).packageState(context))
      notes.push(
        "Roder has seren-bridge as a package as well; the entry takes its place. The skill still comes from the package.",
      );
    return notes;
  },
  check: async (context) => (await import("./roder-check.ts")).checkRoder(context),
  packages: {
    sources: ["folder", "git", "npm"] satisfies PackageSource[],
    plan: async (...wanted) => (await import("./roder-package.ts")).planRoderPackage(...wanted),
  },
};
