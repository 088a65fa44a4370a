/** Checks of the two hosts: whether they are here, and whether they know this very program. */
import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";
import * as z from "zod";
import { asFailure } from "../../../support/failure.ts";
import { hashOf, readRegistry, registeredEntry } from "../hosts/dispatch-registry.ts";
import { findProgram } from "../hosts/find-program.ts";
import { configuredEntry, EXTENSION_ID, type RoderEntry, readRoderConfig } from "../hosts/roder-config.ts";
import { packageState } from "../hosts/roder-package.ts";
import type { Services } from "../services.ts";
import { type Finding, ok, problem, skipped, warning } from "./finding.ts";

export async function dispatchFindings(services: Services): Promise<Finding[]> {
  const program = findProgram("dispatch", services.variable);
  const title = "Dispatch courier";
  const here = program ? ok("dispatch", "Dispatch", program) : skipped("dispatch", "Dispatch", "not on the PATH");
  try {
    const entry = registeredEntry(await readRegistry(services));
    if (!entry) {
      const none = "seren-cloud is not registered";
      return [
        here,
        program
          ? problem("dispatch.courier", title, none, "seren-bridge setup dispatch --write")
          : skipped("dispatch.courier", title, none),
      ];
    }
    return [here, registered(title, entry.exec.command, entry.installed_sha256 ?? undefined, services)];
  } catch (error) {
    return [
      here,
      problem(
        "dispatch.courier",
        title,
        asFailure(error).message,
        "repair the file, then: seren-bridge setup dispatch --write",
      ),
    ];
  }
}

function registered(title: string, command: string, pinned: string | undefined, { paths }: Services): Finding {
  const again = "seren-bridge setup dispatch --write";
  let hash: string;
  try {
    hash = hashOf(command);
  } catch {
    return problem("dispatch.courier", title, `registered as ${command}, which is not there`, again);
  }
  if (pinned !== undefined && pinned !== hash) {
    return problem(
      "dispatch.courier",
      title,
      `${command} has changed since it was registered, so Dispatch refuses to start it`,
      again,
    );
  }
  if (command !== paths.program) {
    return warning(
      "dispatch.courier",
      title,
      `registered is another copy: ${command}`,
      `${again}, if Dispatch should use ${paths.program}`,
    );
  }
  return ok("dispatch.courier", title, "registered, and the hash fits");
}

export async function roderFindings(services: Services): Promise<Finding[]> {
  const program = findProgram("roder", services.variable);
  const here = program ? ok("roder", "Roder", program) : skipped("roder", "Roder", "not on the PATH");
  const title = "Roder extension";
  const fix = "seren-bridge setup roder --write";
  try {
    const entry = configuredEntry(await readRoderConfig(services));
    if (entry) return [here, await configured(title, entry, services)];
    const packaged = await packageState(services);
    if (packaged === "approved") return [here, ok("roder.extension", title, "installed as a package and approved")];
    if (packaged)
      return [
        here,
        problem(
          "roder.extension",
          title,
          `installed as a package, but ${packaged}`,
          packaged === "disabled" ? "roder packages enable seren-bridge" : "roder packages approve seren-bridge",
        ),
      ];
    const none = "not configured";
    return [here, program ? problem("roder.extension", title, none, fix) : skipped("roder.extension", title, none)];
  } catch (error) {
    return [
      here,
      problem("roder.extension", title, asFailure(error).message, "repair the file: Roder does not start with it"),
    ];
  }
}

/** An entry that Roder cannot load keeps the whole of Roder from starting. */
async function configured(title: string, entry: RoderEntry, { paths, variable }: Services): Promise<Finding> {
  const fix = "seren-bridge setup roder --write";
  if (entry.enabled === false)
    return warning("roder.extension", title, "configured, but `enabled = false`", "remove that line from config.toml");
  try {
    const manifest = ManifestSchema.parse(parse(await readFile(entry.manifest, "utf8")));
    if (manifest.id !== EXTENSION_ID) throw new Error(`its id is ${manifest.id}`);
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "it is no manifest of seren-bridge";
    return problem(
      "roder.extension",
      title,
      `the manifest ${entry.manifest} cannot be used (${why}), so Roder does not start`,
      fix,
    );
  }
  if (!/[\\/]/.test(entry.command) && !findProgram(entry.command, variable)) {
    return problem("roder.extension", title, `its command ${entry.command} is not on the PATH`, fix);
  }
  const script = entry.args?.find((arg) => arg.endsWith(".mjs"));
  if (
    script !== undefined &&
    !(await readFile(script).then(
      () => true,
      () => false,
    ))
  ) {
    return problem("roder.extension", title, `its program ${script} is not there`, fix);
  }
  if (script !== undefined && script !== paths.program) {
    return warning(
      "roder.extension",
      title,
      `configured is another copy: ${script}`,
      `${fix}, if Roder should use ${paths.program}`,
    );
  }
  return ok("roder.extension", title, "configured, and the manifest is valid");
}

const ManifestSchema = z.looseObject({ id: z.string(), provides: z.array(z.unknown()).min(1) });
