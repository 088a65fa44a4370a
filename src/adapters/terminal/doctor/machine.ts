/** Checks of this machine: Node, files, credentials, proxy settings. They send nothing. */
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type Finding, ok, problem, warning } from "../../../install/index.ts";
import { assertNever } from "../../../support/assert-never.ts";
import { asFailure } from "../../../support/failure.ts";
import type { Services } from "../services.ts";

/** `engines` of the package. */
const NODE_FLOOR = [20, 18, 1] as const;

export async function machineFindings(services: Services): Promise<Finding[]> {
  return [
    nodeVersion(process.versions.node),
    await stateFolder(services),
    await credentials(services),
    proxy(services),
  ];
}

function nodeVersion(version: string): Finding {
  const parts = version.split(".").map(Number);
  const difference = NODE_FLOOR.map((floor, index) => (parts[index] ?? 0) - floor).find((part) => part !== 0) ?? 0;
  return difference >= 0
    ? ok("node", "Node", version)
    : problem("node", "Node", `${version} is too old`, `install Node ${NODE_FLOOR.join(".")} or newer`);
}

async function stateFolder({ paths }: Services): Promise<Finding> {
  const path = paths.stateDir;
  const title = "State folder";
  let folder = path;
  for (;;) {
    try {
      const { mode } = await stat(folder);
      await access(folder, constants.W_OK | constants.X_OK);
      const open = folder === path && process.platform !== "win32" && (mode & 0o022) !== 0;
      if (open) return warning("state", title, `${path} can be changed by others`, `chmod go-w "${path}"`);
      return ok("state", title, folder === path ? path : `${path} (created when it is needed)`);
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (missing && dirname(folder) !== folder) folder = dirname(folder);
      else
        return problem(
          "state",
          title,
          `${path} cannot be written`,
          "make it yours, or set SEREN_BRIDGE_STATE_DIR to a folder that is",
        );
    }
  }
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
        source.problem ? "repair the file, or run: seren-bridge login" : "seren-bridge login",
      );
    case "file":
    case "environment":
      try {
        keys.current();
        return ok("key", title, source.from === "file" ? `from ${source.path}` : "from SEREN_API_KEY");
      } catch (error) {
        return problem("key", title, asFailure(error).message, "seren-bridge login");
      }
    default:
      return assertNever(source);
  }
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
