/**
 * Reads the configuration file. It decides where the API key is sent, so it has to be this account's own; one that holds a
 * secret must not be readable by others either.
 */
import type { LimitSettings } from "../core/index.ts";
import { ExecutionFailure } from "../support/failure.ts";
import { isObject, lookUp } from "../support/objects.ts";
import { ownershipProblem } from "../support/own-file.ts";
import { type PlainFile, textOf } from "../support/plain-file.ts";
import { SETTING_KEYS } from "./keys.ts";
import { limitSettings } from "./limit-settings.ts";
import { type NotifySettings, notifySettings } from "./notify-settings.ts";
import { parseSettings } from "./parse-settings.ts";

/** A setting of the file, as the text that the variable would have. */
export interface FileValue {
  key: string;
  text: string;
}

export interface FileContent {
  /** By the variables that come before them, or by their keys where none does. */
  values: ReadonlyMap<string, FileValue>;
  notify?: NotifySettings;
  limits?: LimitSettings;
}

/** Throws `invalid_input`, naming file, line or key, and fix. */
export function readSettings(path: string, file: PlainFile): FileContent {
  const refuse = (problem: string | undefined) => {
    if (problem !== undefined) throw new ExecutionFailure("invalid_input", problem);
  };
  refuse(ownershipProblem(path, file.stats, "unchanged"));
  const settings = parseSettings(path, textOf(path, file.bytes));
  const values = new Map<string, FileValue>();
  for (const { path: names, key, variable, secret } of SETTING_KEYS) {
    const value = valueAt(settings, names);
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(",") : isObject(value) ? JSON.stringify(value) : String(value);
    const isSecret = secret === "always" || (secret === "password" && text.includes("@"));
    if (isSecret) refuse(ownershipProblem(path, file.stats, "secret"));
    values.set(variable ?? key, { key, text });
  }
  const notify = notifySettings(settings);
  const limits = limitSettings(settings, path);
  return { values, ...(notify ? { notify } : {}), ...(limits ? { limits } : {}) };
}

function valueAt(settings: object, names: readonly string[]): unknown {
  let value: unknown = settings;
  for (const name of names) value = isObject(value) ? lookUp(value, name) : undefined;
  return value;
}
