/**
 * Where this program keeps its files. Never below the working folder: a key there is one `git add` from being published.
 * Each function throws `invalid_input` when there is no such place.
 */
import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { ExecutionFailure } from "./support/failure.ts";

type Variable = (name: string) => string | undefined;

const NAME = "seren-bridge";

/** Value of `SEREN_BRIDGE_CONFIG` for: no file. */
const NO_CONFIG = "none";

/** Undefined when no file is wanted, and for an account without a home folder, which can have none. */
export function configFile(variable: Variable): string | undefined {
  const own = variable("SEREN_BRIDGE_CONFIG");
  if (own !== undefined) return own === NO_CONFIG ? undefined : wholePath("SEREN_BRIDGE_CONFIG", own);
  try {
    return join(configFolder(variable), "config.toml");
  } catch (error) {
    if (attempt(homeFolder) === undefined) return undefined;
    throw error;
  }
}

export function configFolder(variable: Variable): string {
  if (process.platform === "win32")
    return join(absolute(variable("APPDATA")) ?? join(homeFolder(), "AppData", "Roaming"), NAME);
  return join(xdgFolder(variable, "XDG_CONFIG_HOME") ?? join(homeFolder(), ".config"), NAME);
}

/** `nameOf` returns where a setting was made, for the message. */
export function stateFolder(variable: Variable, nameOf: (name: string) => string): string {
  const own = variable("SEREN_BRIDGE_STATE_DIR");
  if (own !== undefined) return wholePath(nameOf("SEREN_BRIDGE_STATE_DIR"), own);
  switch (process.platform) {
    case "win32":
      return join(localAppData(variable), NAME);
    case "darwin":
      return join(homeFolder(), "Library", "Application Support", NAME);
    default:
      return join(xdgFolder(variable, "XDG_STATE_HOME") ?? join(homeFolder(), ".local", "state"), NAME);
  }
}

/** Undefined when compiled code is not to be kept, by this program's own variable or by Node's, or because nothing outlives a CI job. */
export function compiledCodeFolder(variable: Variable): string | undefined {
  if (variable("SEREN_BRIDGE_COMPILE_CACHE") === "off") return undefined;
  const isDecided = ["NODE_COMPILE_CACHE", "NODE_DISABLE_COMPILE_CACHE", "CI"].some(
    (name) => variable(name) !== undefined,
  );
  return isDecided ? undefined : join(cacheFolder(variable), "compiled");
}

/** For what may be lost at any time. */
function cacheFolder(variable: Variable): string {
  switch (process.platform) {
    case "win32":
      return join(localAppData(variable), NAME, "Cache");
    case "darwin":
      return join(homeFolder(), "Library", "Caches", NAME);
    default:
      return join(xdgFolder(variable, "XDG_CACHE_HOME") ?? join(homeFolder(), ".cache"), NAME);
  }
}

const localAppData = (variable: Variable) =>
  absolute(variable("LOCALAPPDATA")) ?? join(homeFolder(), "AppData", "Local");

/** Empty and relative values of HOME count as unset; then the user database is asked. */
export function homeFolder(): string {
  const home = absolute(attempt(homedir)) ?? absolute(attempt(() => userInfo().homedir));
  if (home !== undefined) return home;
  throw new ExecutionFailure(
    "invalid_input",
    "this account has no home folder; set HOME to a whole path (or SEREN_BRIDGE_STATE_DIR and XDG_CONFIG_HOME)",
  );
}

/** Relative values are ignored, as the XDG specification has it. A `~` was meant to be a whole path, so it is refused. */
function xdgFolder(variable: Variable, name: string): string | undefined {
  const value = variable(name);
  return value?.startsWith("~") ? wholePath(name, value) : absolute(value);
}

function wholePath(name: string, value: string): string {
  if (isAbsolute(value)) return value;
  const why = value.startsWith("~") ? 'begins with "~", which only a shell replaces' : "is not a whole path";
  throw new ExecutionFailure("invalid_input", `${name} ${why}; give the path from the root, or unset it`);
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

/** Node throws for an account without an entry in the user database, as some containers have. */
function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
