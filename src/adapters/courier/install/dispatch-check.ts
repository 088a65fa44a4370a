/** Whether Dispatch is on this machine and would start this very program. */
import {
  type Finding,
  findProgram,
  type InstallContext,
  ok,
  problem,
  skipped,
  warning,
} from "../../../install/index.ts";
import { asFailure } from "../../../support/failure.ts";
import {
  COURIER,
  DEPLOYMENT,
  type DispatchPlugin,
  hashOf,
  readRegistry,
  registeredEntry,
} from "./dispatch-registry.ts";

const FIX = "seren-bridge setup dispatch --write";

export async function checkDispatch(context: InstallContext): Promise<Finding[]> {
  const program = findProgram("dispatch", context.variable);
  const hasDispatch = program !== undefined;
  return [
    program ? ok("dispatch", "Dispatch", program) : skipped("dispatch", "Dispatch", "not on the PATH"),
    await checkPlugin(context, COURIER, hasDispatch),
    await checkPlugin(context, DEPLOYMENT, hasDispatch),
    ...(hasDispatch ? [UP] : []),
  ];
}

/** Dispatch 0.4 takes the folder of a bare file name for an empty path, and starts nothing there. */
const UP = warning(
  "dispatch.up",
  "Dispatch up",
  "plain `dispatch up` of Dispatch 0.4 cannot start a deployment plugin",
  "type `dispatch up .`",
);

async function checkPlugin(context: InstallContext, plugin: DispatchPlugin, hasDispatch: boolean): Promise<Finding> {
  const about: About = [`dispatch.${plugin.id}`, `Dispatch ${plugin.id}`];
  try {
    const entry = registeredEntry(await readRegistry(context, plugin));
    if (entry) return checkEntry(about, entry.exec.command, entry.installed_sha256 ?? undefined, context.paths.program);
  } catch (error) {
    return problem(...about, asFailure(error).message, `repair the file, then: ${FIX}`);
  }
  const none = "seren-cloud is not registered";
  if (!hasDispatch) return skipped(...about, none);
  // Runs need the courier; who never deploys misses nothing.
  return plugin === COURIER ? problem(...about, none, FIX) : warning(...about, none, FIX);
}

type About = [id: string, title: string];

function checkEntry(about: About, command: string, pinned: string | undefined, program: string): Finding {
  let hash: string;
  try {
    hash = hashOf(command);
  } catch {
    return problem(...about, `registered as ${command}, which is not there`, FIX);
  }
  if (pinned !== undefined && pinned !== hash) {
    return problem(...about, `${command} has changed since it was registered, so Dispatch refuses to start it`, FIX);
  }
  if (command !== program) {
    return warning(...about, `registered is another copy: ${command}`, `${FIX}, if Dispatch should use ${program}`);
  }
  return ok(...about, "registered, and the hash fits");
}
