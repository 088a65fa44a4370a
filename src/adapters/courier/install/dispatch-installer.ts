/** The courier in Dispatch's registry. */
import { type HostInstaller, isProgram } from "../../../install/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { checkDispatch } from "./dispatch-check.ts";
import { ownEntry, readRegistry, withEntry, withoutEntry } from "./dispatch-registry.ts";

export const dispatchInstaller: HostInstaller = {
  id: "dispatch",
  name: "Dispatch",
  help: {
    summary: "the courier in Dispatch's registry",
    description: "Registers the courier seren-cloud in ~/.config/dispatch/couriers.json with the hash of this program.",
    write: "register the courier",
  },
  next: "Try it: dispatch run <parcel> --courier seren-cloud --chat hello",
  async plan(context, { undo }) {
    const file = await readRegistry(context);
    if (undo) return withoutEntry(file);
    const { program } = context.paths;
    if (process.platform === "win32") {
      throw new ExecutionFailure(
        "unsupported",
        "Dispatch on Windows starts .exe files only; install courier-seren-cloud-standalone from the catalog of a release (README, Use it in Dispatch)",
      );
    }
    if (!isProgram(program)) {
      throw new ExecutionFailure(
        "invalid_input",
        `${program} is not executable, and Dispatch starts it directly; run: chmod 755 ${program}`,
      );
    }
    return withEntry(file, ownEntry(context));
  },
  notes: async () => ["Dispatch pins the program by its hash: run this again after every update of seren-bridge."],
  check: checkDispatch,
};
