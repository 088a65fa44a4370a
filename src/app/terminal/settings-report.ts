/** The settings in effect and where each comes from, for `seren-bridge config`. */
import type { SettingRow, SettingsReport } from "../../adapters/terminal/index.ts";
import { type Config, DEFAULT_API_BASE } from "../../config.ts";
import { exampleFile, SETTING_KEYS } from "../../settings/index.ts";

/** Throws `invalid_input` for a configuration file that cannot be used. */
export function reportSettings(config: Config): SettingsReport {
  config.check();
  const { path, isThere } = config.file;
  return {
    ...(path === undefined ? {} : { path }),
    isThere,
    settings: SETTING_KEYS.map(({ key, variable, description, secret }): SettingRow => {
      const { text = defaultOf(config, key), source } = config.setting(variable ?? key);
      const value = secret === undefined ? text : masked(text, secret);
      return {
        key,
        description,
        ...source,
        ...(value === undefined ? {} : { value }),
        ...(variable ? { variable } : {}),
      };
    }),
  };
}

/** A file to begin with. */
export function settingsExample(config: Config): string {
  return exampleFile(config.file.path ?? "config.toml");
}

/** Short passwords are not found by the redactor. */
function masked(text: string | undefined, secret: "always" | "password"): string | undefined {
  if (text === undefined) return undefined;
  if (secret === "always") return "(set)";
  const end = text.lastIndexOf("@");
  return end < 0 ? text : `(password)${text.slice(end)}`;
}

function defaultOf(config: Config, key: string): string | undefined {
  switch (key) {
    case "api_base":
      return DEFAULT_API_BASE;
    case "approvals":
      return "ask";
    case "log":
      return config.logLevel;
    case "state_dir":
      return config.stateDir;
    default:
      return undefined;
  }
}
