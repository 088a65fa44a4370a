/**
 * Which service, and with which key: what `configure` says, else the environment and the stored login. A key of this machine
 * is never sent to an origin that a project file names.
 */

import { asFailure } from "../../support/failure.ts";
import { isObject } from "../../support/objects.ts";
import type { Redactor } from "../../support/redact.ts";
import { Secret } from "../../support/secret.ts";
import { refusal } from "./wire-error.ts";

/** Where the calls go; what is absent comes from the environment. */
export interface Place {
  /** With the publisher's prefix. */
  baseUrl?: string | undefined;
  apiKey?: Secret | undefined;
}

export interface ConnectionSettings {
  /** Whether the environment means the service inside this program. */
  local: boolean;
  /** Base of the environment. May throw `invalid_input`. */
  base: () => string;
  /** Base that an origin stands for. Throws `invalid_input` unless it is https or loopback; `name` is used in the message. */
  baseOf: (origin: string, name: string) => string;
  redactor: Pick<Redactor, "add">;
}

const MEMBERS = new Set(["api_origin", "api_key"]);
const KEY = /^[\x21-\x7e]+$/;

/** Judges the form and sends nothing. Throws `invalid_config`. */
export function readConnection(config: unknown, settings: ConnectionSettings): Place {
  if (!isObject(config)) throw invalid("the config must be an object with api_origin and api_key, both optional");
  // Before anything is said about the rest.
  if (typeof config.api_key === "string") settings.redactor.add(config.api_key);
  const unknown = Object.keys(config).filter((name) => !MEMBERS.has(name));
  if (unknown.length > 0) {
    throw invalid(
      `the config has members that are not known: ${unknown.join(", ")}; it may have api_origin and api_key`,
    );
  }
  const { api_origin: origin, api_key: key } = config;
  for (const [name, value] of [
    ["api_origin", origin],
    ["api_key", key],
  ] as const) {
    if (value !== undefined && typeof value !== "string") throw invalid(`the config's ${name} must be a text`);
  }
  if (typeof key === "string" && !KEY.test(key)) {
    throw invalid("the config's api_key holds something that cannot be a key; copy it once more");
  }
  const baseUrl = typeof origin === "string" ? baseIn(origin, settings) : undefined;
  const apiKey = typeof key === "string" ? new Secret(key) : undefined;
  if (baseUrl !== undefined && apiKey === undefined && baseUrl !== environmentBase(settings)) {
    throw invalid(
      "the config's api_origin is not the service of this environment, whose key is not sent there; put an api_key beside it, or set SEREN_API_BASE and SEREN_API_KEY instead",
    );
  }
  return { baseUrl, apiKey };
}

/** Throws `invalid_config` for the embedded service: it would be gone with this call. */
export function requireService({ baseUrl }: Place, { local }: Pick<ConnectionSettings, "local">): void {
  if (baseUrl === undefined && local) throw embedded();
}

/** The base that is shown; undefined where the environment's cannot be used, which the operation then reports. */
export function shownBase({ baseUrl }: Place, settings: ConnectionSettings): string | undefined {
  return baseUrl ?? environmentBase(settings);
}

function environmentBase({ local, base }: ConnectionSettings): string | undefined {
  if (local) return undefined;
  try {
    return base();
  } catch {
    return undefined;
  }
}

function baseIn(origin: string, { baseOf }: ConnectionSettings): string {
  if (origin === "local") throw embedded();
  try {
    return baseOf(origin, "api_origin");
  } catch (error) {
    throw invalid(asFailure(error).message);
  }
}

function embedded() {
  return invalid(
    "the service inside this program ends with each call, so nothing can be deployed to it; start `seren-bridge local` and set the SEREN_API_BASE and SEREN_API_KEY that it prints",
  );
}

function invalid(message: string) {
  return refusal("invalid_config", message);
}
