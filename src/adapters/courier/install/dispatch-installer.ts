/** The courier and the deployment plugin in Dispatch's registries. */
import { type FileChange, type HostInstaller, isProgram, type UserFile } from "../../../install/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import type { DispatchPlugin } from "./dispatch-registry.ts";

/** What it does is loaded when it is asked to: this is part of each command's start. */
export const dispatchInstaller: HostInstaller = {
  id: "dispatch",
  name: "Dispatch",
  help: {
    summary: "the courier and the deployment plugin in Dispatch's registries",
    description:
      "Registers the courier seren-cloud in ~/.config/dispatch/couriers.json and the deployment plugin of the same name in\ndeployments.json beside it, with the hash of this program.",
    write: "register both plugins",
  },
  next: "Try it: dispatch run <parcel> --courier seren-cloud --chat hello",
  async plan(context, { undo }) {
    const { COURIER, canStart, DEPLOYMENT, ownEntry, readRegistry, registration, withEntry, withoutEntry } =
      await import("./dispatch-registry.ts");
    const each = (change: (file: UserFile, plugin: DispatchPlugin) => FileChange) =>
      Promise.all([COURIER, DEPLOYMENT].map(async (plugin) => change(await readRegistry(context, plugin), plugin)));
    if (undo) return each(withoutEntry);
    const { program } = context.paths;
    if (!canStart(program)) {
      throw new ExecutionFailure(
        "unsupported",
        `Dispatch on Windows starts .exe files only; ${registration(COURIER, program)}`,
      );
    }
    if (!isProgram(program)) {
      throw new ExecutionFailure(
        "invalid_input",
        `${program} is not executable, and Dispatch starts it directly; run: chmod 755 ${program}`,
      );
    }
    return each((file, plugin) => withEntry(file, ownEntry(context, plugin)));
  },
  notes: async () => [
    "Dispatch pins the program by its hash: run this again after every update of seren-bridge.",
    "Deployments: type `dispatch up .`; plain `dispatch up` of Dispatch 0.4 cannot start a deployment plugin.",
  ],
  check: async (context) => (await import("./dispatch-check.ts")).checkDispatch(context),
};
