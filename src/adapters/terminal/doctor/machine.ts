/** Checks of this machine: Node, files, credentials, proxy settings. They send nothing. */
import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { type Finding, ok, problem, warning } from "../../../install/index.ts";
import { allowedNameProblems } from "../../../parcel/index.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { asFailure } from "../../../support/failure.ts";
import { Responsive } from "../../../support/responsive.ts";
import { pathFailure, systemCode } from "../../../support/system-error.ts";
import type { Services } from "../services.ts";
import { authorities } from "./authorities.ts";

/** `engines` of the package. */
const NODE_FLOOR = [20, 18, 1] as const;

export async function machineFindings(services: Services): Promise<Finding[]> {
  return [
    nodeVersion(process.versions.node),
    await configuration(services),
    await stateFolder(services),
    ...(await leftovers(services)),
    await credentials(services),
    ...secrets(services),
    proxy(services),
    ...(await authorities(services)),
  ];
}

/** The problem of a home folder on a network that is gone; undefined for one that replies. */
export async function silentHome({ paths, ambient }: Services): Promise<Finding | undefined> {
  try {
    const { home } = paths;
    await new Responsive(home, ambient).ask(() => access(home).catch(() => undefined));
    return undefined;
  } catch (error) {
    const { kind, message } = asFailure(error);
    if (kind !== "unavailable") return undefined; // there is none: each check says what it lacks
    return problem("home", "Home folder", message, "mount it again; hosts and clients were not checked");
  }
}

function nodeVersion(version: string): Finding {
  const parts = version.split(".").map(Number);
  const difference = NODE_FLOOR.map((floor, index) => (parts[index] ?? 0) - floor).find((part) => part !== 0) ?? 0;
  return difference >= 0
    ? ok("node", "Node", version)
    : problem("node", "Node", `${version} is too old`, `install Node ${NODE_FLOOR.join(".")} or newer`);
}

async function configuration({ settings }: Services): Promise<Finding> {
  const title = "Configuration";
  try {
    const { path, isThere } = await settings();
    if (path === undefined) return ok("config", title, "no file wanted");
    return ok("config", title, isThere ? path : `${path} does not exist, so defaults apply`);
  } catch (error) {
    return problem("config", title, asFailure(error).message, "correct the file; until then no run is started");
  }
}

const STATE = "State folder";
const STATE_FIX = "free or repair it, or set SEREN_BRIDGE_STATE_DIR to another folder";

async function stateFolder(services: Services): Promise<Finding> {
  let path: string;
  try {
    path = services.paths.stateDir;
  } catch (error) {
    return problem("state", STATE, asFailure(error).message, "correct the variable");
  }
  try {
    const { sockets, openToOthers } = await services.tryStateFolder();
    if (openToOthers) return warning("state", STATE, `${path} can be changed by others`, `chmod go-w "${path}"`);
    if (sockets) return ok("state", STATE, path);
    return warning(
      "state",
      STATE,
      `the file system of ${path} has no sockets, so a run that a crash leaves behind is not cancelled by itself`,
      "set SEREN_BRIDGE_STATE_DIR to a folder on a local disk",
    );
  } catch (error) {
    if (systemCode(error) === "ENOENT") return missingFolder(path);
    return problem("state", STATE, pathFailure(path, "written", error).message, STATE_FIX);
  }
}

/** Whether the folder could be made: the first one above it that exists decides. */
async function missingFolder(path: string): Promise<Finding> {
  const above = dirname(path);
  try {
    await access(above, constants.W_OK | constants.X_OK);
    return ok("state", STATE, `${path} (created when it is needed)`);
  } catch (error) {
    if (systemCode(error) === "ENOENT" && dirname(above) !== above) {
      const found = await missingFolder(above);
      return found.state === "ok" ? ok("state", STATE, `${path} (created when it is needed)`) : found;
    }
    return problem("state", STATE, pathFailure(path, "made", error).message, STATE_FIX);
  }
}

/** No run lasts this long, so an older entry names none that goes on. */
const LEFTOVER_MS = 7 * 24 * 60 * 60_000;

/** Runs of owners that cannot be seen from here are cancelled by a person only. */
async function leftovers(services: Services): Promise<Finding[]> {
  const since = services.ambient.now() - LEFTOVER_MS;
  const runs = await services.inFlightRuns().catch(() => []); // without a key it is not known whose runs to look for
  const unseen = runs.filter((run) => run.owner === "unknown" && run.since > since).length;
  if (unseen === 0) return [];
  return [
    warning(
      "leftovers",
      "Left runs",
      `${unseen} noted by processes that cannot be seen from here (another machine, a copied folder); they may still go on`,
      "look at them in: seren-bridge watch, and cancel there (c) what should not run",
    ),
  ];
}

async function credentials({ keys }: Services): Promise<Finding> {
  const title = "API key";
  const source = await keys.source();
  switch (source.from) {
    case "local":
      return ok("key", title, "not needed (SEREN_API_BASE=local)");
    case "none":
      return problem(
        "key",
        title,
        source.problem ?? `neither SEREN_API_KEY nor ${source.path}`,
        (source.problem ? "repair the file, or run: seren-bridge login" : "seren-bridge login") + (await offered(keys)),
      );
    case "file":
    case "environment":
      try {
        await keys.current();
        return ok("key", title, source.from === "file" ? `from ${source.path}` : "from SEREN_API_KEY");
      } catch (error) {
        // The variable wins over a stored key, so logging in would change nothing.
        const fix = source.from === "file" ? "seren-bridge login" : "correct SEREN_API_KEY, or unset it";
        return problem("key", title, asFailure(error).message, fix);
      }
    default:
      return assertNever(source);
  }
}

/** Nothing is said where no name is allowed: most people need none. */
function secrets({ allowedSecrets, variable }: Services): Finding[] {
  if (allowedSecrets.length === 0) return [];
  const title = "Parcel secrets";
  const problems = allowedNameProblems(allowedSecrets, variable);
  if (problems.length === 0) {
    const count = allowedSecrets.length === 1 ? "1 name" : `${allowedSecrets.length} names`;
    return [ok("secrets", title, `${count} allowed, all set`)];
  }
  return [
    warning(
      "secrets",
      title,
      `SEREN_BRIDGE_SECRETS names ${problems.join("; ")}`,
      "set the variable under a name of your own that the parcel declares, or take it out of SEREN_BRIDGE_SECRETS",
    ),
  ];
}

function proxy(services: Services): Finding {
  const title = "Proxy";
  try {
    const used = services.proxy();
    return ok("proxy", title, used ? `${used.shown} (${used.variable})` : "none: connects directly");
  } catch (error) {
    return problem("proxy", title, asFailure(error).message, "correct the variable, or unset it");
  }
}

/** The key of the official command is offered, and never taken. */
async function offered(keys: Services["keys"]): Promise<string> {
  const signIn = await keys.serenSignIn();
  return signIn && "key" in signIn ? ` (--from-seren stores the key that the seren command has in ${signIn.path})` : "";
}
