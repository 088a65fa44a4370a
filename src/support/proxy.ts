/** Chooses the proxy for an address from the variables that curl and most programs read. */
import { ExecutionFailure } from "./failure.ts";

export interface ProxySettings {
  /** Name and value, so that a message can name the variable. */
  https?: ProxySetting | undefined;
  http?: ProxySetting | undefined;
  /** Hosts without a proxy: names (with their subdomains), `host:port`, `*` for all. */
  except?: string | undefined;
}

export interface ProxySetting {
  variable: string;
  value: string;
}

export interface ProxyRoute {
  url: URL;
  /** Name of the variable that sets it. */
  variable: string;
  /** Host and port, without user and password. */
  shown: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** Returns undefined for a direct connection, which loopback always has. Throws `invalid_input` for an unusable proxy. */
export function chooseProxy({ https, http, except }: ProxySettings, target: URL): ProxyRoute | undefined {
  const setting = target.protocol === "https:" ? https : http;
  if (!setting || isLoopback(target.hostname) || isExcepted(target, except ?? "")) return undefined;
  const { variable } = setting;
  const refuse = (why: string) =>
    new ExecutionFailure("invalid_input", `${variable} ${why}; give an http:// or https:// address, or unset it`);
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(setting.value) ? setting.value : `http://${setting.value}`);
  } catch {
    throw refuse("is not an address");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw refuse(`is a ${url.protocol.slice(0, -1)} proxy`);
  return { url, variable, shown: url.host };
}

export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

function isExcepted(target: URL, except: string): boolean {
  const port = target.port || DEFAULT_PORTS[target.protocol];
  return except.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, host = "", only] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase().replace(/^\*?\./, "")) ?? [];
    if (host === "" || (only !== undefined && only !== port)) return false;
    return target.hostname === host || target.hostname.endsWith(`.${host}`);
  });
}
