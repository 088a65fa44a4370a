/**
 * The only reader of the environment: read once, blank means unset, frozen, passed down. What it does not have, the
 * configuration file may (`app/load-config.ts`). Reading never fails, because hosts ask for capabilities and specs without a key
 * or with a bad setting: the call that needs a setting complains. Written without a schema library, because it runs before the
 * first reply.
 */
import { join } from "node:path";
import { configFile, configFolder, homeFolder, stateFolder } from "./folders.ts";
import type { FileContent } from "./settings/index.ts";
import { ExecutionFailure } from "./support/failure.ts";
import { LOG_LEVELS, type LogLevel } from "./support/log.ts";
import { chooseProxy, isLoopback, type ProxyRoute, type ProxySetting } from "./support/proxy.ts";
import { withoutEnd } from "./support/trim.ts";

export const DEFAULT_API_BASE = "https://api.serendb.com";
/** Value of `SEREN_API_BASE` that means the service inside this process. */
const LOCAL_BASE = "local";
const PUBLISHER_PREFIX = "/publishers/seren-cloud";

/** A chat completions endpoint that answers in place of the embedded service's built-in agent. */
export interface ModelSettings {
  /** Base of its calls, without a trailing slash, e.g. `http://localhost:11434/v1`. */
  url: string;
  /** Asked for instead of the model a deployment names. */
  name: string | undefined;
  key: string | undefined;
}

/** What the configuration file adds to the environment. */
export interface FileSettings extends FileContent {
  /** Absent when no file is wanted, or none has a place. */
  path?: string;
  isThere: boolean;
  /** Why the file cannot be used. No run is started then: what it limits or directs elsewhere is not known. */
  problem?: ExecutionFailure;
}

const NO_FILE: FileSettings = { isThere: false, values: new Map() };

/** Where a setting comes from. */
export type SettingSource =
  | { from: "environment"; name: string }
  | { from: "file"; name: string }
  | { from: "default" };

export interface Config {
  /** Undefined when none is to be read. Reading it throws `invalid_input` when there is no place for it. */
  readonly configFile: string | undefined;
  readonly file: FileSettings;
  /** The same environment with another file. */
  readonly withFile: (file: FileSettings) => Config;
  /** Throws `invalid_input` when the configuration file cannot be used. */
  readonly check: () => void;
  /** The text of a setting by the name of its variable, and where it comes from. */
  readonly setting: (name: string) => { text: string | undefined; source: SettingSource };
  /** Whether the service inside this process is meant. */
  readonly local: boolean;
  /**
   * Base of every call, prefix included, without a trailing slash. Throws `invalid_input` for a base that is neither
   * https nor loopback.
   */
  readonly apiBase: () => string;
  readonly apiKey: string | undefined;
  /** Values of the environment that must never be shown. */
  readonly secrets: readonly string[];
  /** Reading it throws `invalid_input` when there is no place for it. */
  readonly credentialsFile: string;
  /** Deployment to use when the parcel or request names none. */
  readonly deployment: string | undefined;
  /** Reading it throws `invalid_input` when there is no place for it. */
  readonly stateDir: string;
  /** Undefined when the built-in agent answers. Throws `invalid_input` for an address that cannot be used. */
  readonly model: () => ModelSettings | undefined;
  /** The proxy that leads to `target`; undefined for a direct way. Throws `invalid_input` for one that cannot be used. */
  readonly proxyFor: (target: URL) => ProxyRoute | undefined;
  readonly logLevel: LogLevel;
  /** Whether a level was chosen. Otherwise a terminal command says warnings in words. */
  readonly logIsWanted: boolean;
  /** Where the Roder manifest is, whether or not there is one beside the program. Known before the first reply. */
  readonly roderManifest: string | undefined;
  /** Where it is when none is beside the program, according to the configuration file. */
  readonly roderManifestElsewhere: string | undefined;
  /** Whether a host may show approvals to a person. Otherwise they are decided in a terminal only. */
  readonly asksPeople: boolean;
  /** Names of credentials of other tools that a parcel may have. */
  readonly allowedSecrets: readonly string[];
  /** The environment for programs of the user's that this one starts: without keys of Seren Cloud and of the model endpoint. */
  readonly programEnvironment: () => Record<string, string>;
  /** A variable of the host's environment, for secrets a parcel declares by name. */
  readonly variable: (name: string) => string | undefined;
}

/** Variables whose addresses may have a user and a password. */
const ADDRESSES = [
  "SEREN_API_BASE",
  "SEREN_BRIDGE_MODEL_URL",
  ...["HTTPS_PROXY", "HTTP_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
];

/** Returns the user with the password, and the password, of an address with or without a scheme. */
function credentialsIn(address: string): string[] {
  const end = address.lastIndexOf("@");
  if (end < 0) return [];
  const scheme = address.indexOf("//");
  const user = address.slice(scheme >= 0 && scheme < end ? scheme + 2 : 0, end);
  const password = user.slice(user.indexOf(":") + 1);
  return [user, password].flatMap((text) => [text, unescaped(text)]);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

export function readConfig(environment: Environment = process.env, file: FileSettings = NO_FILE): Config {
  const variable = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const setting = (name: string) => variable(name) ?? file.values.get(name)?.text;
  const nameOf = (name: string) => {
    const inFile = variable(name) === undefined ? file.values.get(name) : undefined;
    return inFile ? `${inFile.key} in ${file.path}` : name;
  };
  const level = LOG_LEVELS.find((known) => known === setting("SEREN_BRIDGE_LOG"));
  const base = setting("SEREN_API_BASE");
  const check = () => {
    if (file.problem) throw file.problem;
  };
  return Object.freeze({
    file,
    get configFile() {
      return configFile(variable);
    },
    withFile: (other: FileSettings) => readConfig(environment, other),
    check,
    setting(name: string) {
      const from = variable(name) === undefined ? ("file" as const) : ("environment" as const);
      const text = setting(name);
      return { text, source: text === undefined ? { from: "default" as const } : { from, name: nameOf(name) } };
    },
    local: base === LOCAL_BASE,
    apiBase() {
      check();
      return apiBaseOf(base ?? DEFAULT_API_BASE, nameOf("SEREN_API_BASE"));
    },
    apiKey: variable("SEREN_API_KEY"),
    allowedSecrets: (setting("SEREN_BRIDGE_SECRETS") ?? "").split(",").flatMap((name) => name.trim() || []),
    secrets: [
      variable("SEREN_API_KEY"),
      setting("SEREN_BRIDGE_MODEL_KEY"),
      ...ADDRESSES.flatMap((name) => credentialsIn(setting(name) ?? "")),
    ].filter((one) => one !== undefined),
    get credentialsFile() {
      return join(configFolder(variable), "credentials.json");
    },
    deployment: setting("SEREN_BRIDGE_DEPLOYMENT"),
    get stateDir() {
      return stateFolder(setting, nameOf);
    },
    model() {
      check();
      const url = setting("SEREN_BRIDGE_MODEL_URL");
      const key = setting("SEREN_BRIDGE_MODEL_KEY");
      if (!url) return undefined;
      const names = { url: nameOf("SEREN_BRIDGE_MODEL_URL"), key: nameOf("SEREN_BRIDGE_MODEL_KEY") };
      return { url: readModelUrl(url, key !== undefined, names), name: setting("SEREN_BRIDGE_MODEL"), key };
    },
    proxyFor: (target: URL) => chooseProxy(proxySettings(setting, nameOf), target),
    logLevel: level ?? "warn",
    logIsWanted: setting("SEREN_BRIDGE_LOG") !== undefined,
    asksPeople: setting("SEREN_BRIDGE_APPROVALS") !== "terminal",
    roderManifest: variable("SEREN_BRIDGE_RODER_MANIFEST"),
    roderManifestElsewhere: file.values.get("SEREN_BRIDGE_RODER_MANIFEST")?.text,
    programEnvironment: () => programEnvironment(environment),
    variable: (name: string) => (Object.hasOwn(environment, name) && environment[name]) || undefined,
  });
}

/** Roder gives its child `PATH` and little else: what programs of the user's need is added. */
function programEnvironment(environment: Environment): Record<string, string> {
  const { SEREN_API_KEY: _, SEREN_BRIDGE_MODEL_KEY: __, ...rest } = environment;
  const uid = process.getuid?.();
  const added = {
    ...(process.platform === "win32" ? {} : { HOME: homeOrNone() }),
    ...(process.platform === "linux" && uid !== undefined ? { XDG_RUNTIME_DIR: `/run/user/${uid}` } : {}),
  };
  const all = Object.entries({ ...added, ...rest });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function homeOrNone(): string | undefined {
  try {
    return homeFolder();
  } catch {
    return undefined;
  }
}

/** Returns the base of all calls, from an address with or without the prefix. `name` is the setting's, for the message. */
export function apiBaseOf(text: string, name = "SEREN_API_BASE"): string {
  const isSetting = name === "SEREN_API_BASE" || name.startsWith("api_base ");
  const instead = isSetting ? ', or "local" for the service inside this program' : "";
  const refuse = (why: string) => new ExecutionFailure("invalid_input", `${name} ${why}; give an https URL${instead}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse("is not a URL");
  }
  if (isWithoutScheme(url, text)) throw refuse(schemeMissing(text));
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw refuse("would send the API key unencrypted");
  if (url.username || url.password || url.search || url.hash) throw refuse("has more than an origin and a path");
  const path = withoutEnd(url.pathname, "/");
  return url.origin + (path.endsWith(PUBLISHER_PREFIX) ? path : path + PUBLISHER_PREFIX);
}

/** `names` are those of the settings, for the messages. */
function readModelUrl(text: string, hasKey: boolean, names: { url: string; key: string }): string {
  const refuse = (why: string) =>
    new ExecutionFailure(
      "invalid_input",
      `${names.url} ${why}; give the base of a chat completions API, such as http://localhost:11434/v1`,
    );
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse("is not a URL");
  }
  if (isWithoutScheme(url, text)) throw refuse(schemeMissing(text));
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refuse("is neither http nor https");
  if (url.protocol === "http:" && hasKey && !isLoopback(url.hostname))
    throw refuse(`would send ${names.key} unencrypted`);
  if (url.username || url.password || url.hash) throw refuse("has more than an origin and a path");
  // Azure's; anything else may be a key, which belongs in SEREN_BRIDGE_MODEL_KEY.
  if (url.search !== "" && !/^\?api-version=[\w.-]{1,40}$/.test(url.search))
    throw refuse("has a query other than ?api-version=");
  return url.origin + withoutEnd(url.pathname, "/").replace(/\/chat\/completions$/, "") + url.search;
}

/** `localhost:8787` is a URL, of the scheme `localhost`. */
function isWithoutScheme({ protocol }: URL, text: string): boolean {
  return protocol !== "http:" && protocol !== "https:" && /^[\w.-]+:\d+(?:\/|$)/.test(text);
}

function schemeMissing(text: string): string {
  const host = text.slice(0, text.indexOf(":"));
  return `lacks its scheme: ${isLoopback(host) ? "http" : "https"}://${text}`;
}

/** Lower case first, as curl has it. The file has its settings under the names in capitals. */
function proxySettings(setting: Variable, nameOf: (name: string) => string): Parameters<typeof chooseProxy>[0] {
  const chosen = (name: string): ProxySetting | undefined => {
    for (const one of [name.toLowerCase(), name]) {
      const value = setting(one);
      if (value) return { variable: nameOf(one), value };
    }
    return undefined;
  };
  return {
    https: chosen("HTTPS_PROXY"),
    http: chosen("HTTP_PROXY"),
    except: chosen("NO_PROXY")?.value,
  };
}

type Variable = (name: string) => string | undefined;
