/** Chooses the proxy for an address from the variables that curl and most programs read. */
import { ExecutionFailure } from "./failure.ts";
import { isExcepted, isThisMachine } from "./no-proxy.ts";

export interface ProxySettings {
  /** Name and value, so that a message can name the variable. */
  https?: ProxySetting | undefined;
  http?: ProxySetting | undefined;
  /** Hosts without a proxy, as `NO_PROXY` lists them; `*` for all. */
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

/** Returns undefined for a direct connection, which this machine always has. Throws `invalid_input` for an unusable proxy. */
export function chooseProxy({ https, http, except }: ProxySettings, target: URL): ProxyRoute | undefined {
  const setting = target.protocol === "https:" ? https : http;
  if (!setting || isThisMachine(target.hostname) || isExcepted(target, except ?? "")) return undefined;
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
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw refuse("has a % in its user or password that begins no escape (a % itself is written %25)");
  }
  return { url, variable, shown: url.host };
}

/** Whether only this machine can be meant, so that nothing sent there needs to be encrypted. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
