/**
 * The settings of this shell that go into a host's configuration. A file of another program must not hold a password, so a value
 * goes there only when its form leaves no room for one: everything unknown stays here.
 */

/** An address: scheme, host, port, path, and the version of an API. No user, no escapes, no other query. */
const ADDRESS =
  /^(?:[a-z][a-z0-9+.-]{0,20}:\/\/)?(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?(?:\/[\w.~/-]*)?(?:\?api-version=[\w.-]{1,40})?$/i;
/** A proxy has no path, so what stands in its place may be a password. */
const PROXY = /^(?:[a-z][a-z0-9+.-]{0,20}:\/\/)?(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?\/?$/i;
const HOSTS = /^[a-z0-9_.*:,;\s/[\]-]*$/i;
/** Some models are named `@owner/model`. */
const NAME = /^@?[\w./:+-]{1,256}$/;
const PATH = /^[^@]*$|^[^:]*$/;

/** Variables the entry passes on. The API key is not among them: the child reads it from its file. */
const CARRIED: Readonly<Record<string, RegExp>> = {
  SEREN_API_BASE: ADDRESS,
  SEREN_BRIDGE_DEPLOYMENT: NAME,
  SEREN_BRIDGE_STATE_DIR: PATH,
  SEREN_BRIDGE_CONFIG: PATH,
  SEREN_BRIDGE_APPROVALS: NAME,
  SEREN_BRIDGE_LOG: NAME,
  SEREN_BRIDGE_MODEL_URL: ADDRESS,
  SEREN_BRIDGE_MODEL: NAME,
  HTTPS_PROXY: PROXY,
  HTTP_PROXY: PROXY,
  NO_PROXY: HOSTS,
  https_proxy: PROXY,
  http_proxy: PROXY,
  no_proxy: HOSTS,
  NODE_EXTRA_CA_CERTS: PATH,
  XDG_CONFIG_HOME: PATH,
  XDG_STATE_HOME: PATH,
};

export interface Carried {
  env: Record<string, string>;
  /** Names of the variables that are set and stay here. */
  withheld: string[];
}

export function carriedVariables(variable: (name: string) => string | undefined): Carried {
  const env: Record<string, string> = {};
  const withheld: string[] = [];
  for (const [name, form] of Object.entries(CARRIED)) {
    const value = variable(name)?.trim();
    if (!value) continue;
    if (form.test(value)) env[name] = value;
    else withheld.push(name);
  }
  return { env, withheld };
}
