/** The settings of the environment and of the configuration file. Without a file nothing is loaded to read one. */
import { type Config, type FileSettings, readConfig } from "../config.ts";
import type { Ambient } from "../support/ambient.ts";
import { asFailure } from "../support/failure.ts";
import { readPlainFile } from "../support/plain-file.ts";
import { Responsive } from "../support/responsive.ts";

const MAX_BYTES = 256 * 1024;

/** Never rejects: `Config.check` throws what is wrong with the file. */
export async function loadConfig(ambient: Ambient): Promise<Config> {
  const config = readConfig();
  return config.withFile(await readFileSettings(config, ambient));
}

/** For a file that cannot be read, `problem` says why. */
export async function readFileSettings(config: Config, ambient: Ambient): Promise<FileSettings> {
  let path: string | undefined;
  try {
    path = config.configFile;
    if (path === undefined) return { isThere: false, values: new Map() };
    const disk = new Responsive(path, ambient, "set SEREN_BRIDGE_CONFIG to a file elsewhere");
    const file = await readPlainFile(path, MAX_BYTES, disk);
    if (!file) return { path, isThere: false, values: new Map() };
    const { readSettings } = await import("../settings/index.ts");
    return { path, isThere: true, ...readSettings(path, file) };
  } catch (error) {
    return { ...(path === undefined ? {} : { path }), isThere: true, values: new Map(), problem: asFailure(error) };
  }
}
