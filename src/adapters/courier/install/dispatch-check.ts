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
  canStart,
  DEPLOYMENT,
  type DispatchPlugin,
  hashOf,
  readRegistry,
  registeredEntry,
  registration,
} from "./dispatch-registry.ts";

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
  const { program } = context.paths;
  const fix = registration(plugin, program);
  try {
    const entry = registeredEntry(await readRegistry(context, plugin));
    if (entry) return checkEntry(about, entry.exec.command, entry.installed_sha256 ?? undefined, { program, fix });
  } catch (error) {
    return problem(...about, asFailure(error).message, `repair the file, then: ${fix}`);
  }
  const none = "seren-cloud is not registered";
  if (!hasDispatch) return skipped(...about, none);
  // Runs need the courier; who never deploys misses nothing.
  return plugin === COURIER ? problem(...about, none, fix) : warning(...about, none, fix);
}

type About = [id: string, title: string];

interface Own {
  program: string;
  fix: string;
}

function checkEntry(about: About, command: string, pinned: string | undefined, { program, fix }: Own): Finding {
  let hash: string;
  try {
    hash = hashOf(command);
  } catch {
    return problem(...about, `registered as ${command}, which is not there`, fix);
  }
  if (pinned !== undefined && pinned !== hash) {
    return problem(...about, `${command} has changed since it was registered, so Dispatch refuses to start it`, fix);
  }
  if (command !== program && canStart(program)) {
    return warning(...about, `registered is another copy: ${command}`, `${fix}, if Dispatch should use ${program}`);
  }
  return ok(...about, "registered, and the hash fits");
}
