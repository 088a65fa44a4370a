/** Whether Roder is on this machine and would start this very program. */
import { parse } from "smol-toml";
import * as z from "zod";
import {
  type Finding,
  findProgram,
  type InstallContext,
  ok,
  problem,
  skipped,
  warning,
} from "../../../install/index.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { readPlainFile, textOf } from "../../../support/plain-file.ts";
import { configuredEntry, EXTENSION_ID, type RoderEntry, readRoderConfig } from "./roder-config.ts";
import { PACKAGE_ID, packageState } from "./roder-package.ts";

const MAX_BYTES = 64 * 1024 * 1024;
const ID = "roder.extension";
const TITLE = "Roder extension";
const FIX = "seren-bridge setup roder --write";

const ManifestSchema = z.looseObject({ id: z.string(), provides: z.array(z.unknown()).min(1) });

export async function checkRoder(context: InstallContext): Promise<Finding[]> {
  const program = findProgram("roder", context.variable);
  return [
    program ? ok("roder", "Roder", program) : skipped("roder", "Roder", "not on the PATH"),
    await checkExtension(context, program !== undefined),
  ];
}

async function checkExtension(context: InstallContext, hasRoder: boolean): Promise<Finding> {
  try {
    const entry = configuredEntry(await readRoderConfig(context));
    if (entry) return await checkEntry(entry, context);
    const packaged = await packageState(context);
    if (packaged === "approved") return ok(ID, TITLE, "installed as a package and approved");
    if (packaged) {
      const fix = `roder packages ${packaged === "disabled" ? "enable" : "approve"} ${PACKAGE_ID}`;
      return problem(ID, TITLE, `installed as a package, but ${packaged}`, fix);
    }
  } catch (error) {
    return problem(ID, TITLE, asFailure(error).message, "repair the file: Roder does not start with it");
  }
  return hasRoder ? problem(ID, TITLE, "not configured", FIX) : skipped(ID, TITLE, "not configured");
}

/** Roder does not start at all with an entry that it cannot load. */
async function checkEntry(entry: RoderEntry, { paths, variable }: InstallContext): Promise<Finding> {
  if (entry.enabled === false) {
    return warning(ID, TITLE, "configured, but `enabled = false`", "remove that line from config.toml");
  }
  const unusable = await manifestProblem(entry.manifest);
  if (unusable) {
    return problem(
      ID,
      TITLE,
      `the manifest ${entry.manifest} cannot be used (${unusable}), so Roder does not start`,
      FIX,
    );
  }
  if (!/[\\/]/.test(entry.command) && !findProgram(entry.command, variable)) {
    return problem(ID, TITLE, `its command ${entry.command} is not on the PATH`, FIX);
  }
  const script = entry.args?.find((arg) => arg.endsWith(".mjs"));
  if (script !== undefined && !(await isReadable(script))) {
    return problem(ID, TITLE, `its program ${script} is not there`, FIX);
  }
  if (script !== undefined && script !== paths.program) {
    return warning(ID, TITLE, `configured is another copy: ${script}`, `${FIX}, if Roder should use ${paths.program}`);
  }
  return ok(ID, TITLE, "configured, and the manifest is valid");
}

/** Why Roder could not use the manifest; undefined when it could. */
async function manifestProblem(path: string): Promise<string | undefined> {
  try {
    const file = await readPlainFile(path, MAX_BYTES);
    if (!file) return "it does not exist";
    const { id } = ManifestSchema.parse(parse(textOf(path, file.bytes)));
    return id === EXTENSION_ID ? undefined : "it is no manifest of seren-bridge";
  } catch (error) {
    return error instanceof ExecutionFailure ? error.message : "it is no manifest of seren-bridge";
  }
}

async function isReadable(path: string): Promise<boolean> {
  return readPlainFile(path, MAX_BYTES).then(
    (file) => file !== undefined,
    () => false,
  );
}
