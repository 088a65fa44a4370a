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
import { hashOf, readRegistry, registeredEntry } from "./dispatch-registry.ts";

const ID = "dispatch.courier";
const TITLE = "Dispatch courier";
const FIX = "seren-bridge setup dispatch --write";

export async function checkDispatch(context: InstallContext): Promise<Finding[]> {
  const program = findProgram("dispatch", context.variable);
  return [
    program ? ok("dispatch", "Dispatch", program) : skipped("dispatch", "Dispatch", "not on the PATH"),
    await checkCourier(context, program !== undefined),
  ];
}

async function checkCourier(context: InstallContext, hasDispatch: boolean): Promise<Finding> {
  try {
    const entry = registeredEntry(await readRegistry(context));
    if (entry) return checkEntry(entry.exec.command, entry.installed_sha256 ?? undefined, context.paths.program);
  } catch (error) {
    return problem(ID, TITLE, asFailure(error).message, `repair the file, then: ${FIX}`);
  }
  const none = "seren-cloud is not registered";
  return hasDispatch ? problem(ID, TITLE, none, FIX) : skipped(ID, TITLE, none);
}

function checkEntry(command: string, pinned: string | undefined, program: string): Finding {
  let hash: string;
  try {
    hash = hashOf(command);
  } catch {
    return problem(ID, TITLE, `registered as ${command}, which is not there`, FIX);
  }
  if (pinned !== undefined && pinned !== hash) {
    return problem(ID, TITLE, `${command} has changed since it was registered, so Dispatch refuses to start it`, FIX);
  }
  if (command !== program) {
    return warning(ID, TITLE, `registered is another copy: ${command}`, `${FIX}, if Dispatch should use ${program}`);
  }
  return ok(ID, TITLE, "registered, and the hash fits");
}
