/**
 * `NO_PROXY`: the hosts that are reached without a proxy. There is no standard; this reads what curl, Go, Python and others
 * read: names with their subdomains, IP addresses, networks as `10.0.0.0/8` or `10.*`, each with or without a port. A scheme
 * or a slash that was copied along means nothing.
 */
import { BlockList, isIP } from "node:net";

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** Addresses of this machine. The unspecified one is among them: connecting to it leads to loopback. */
const OWN_ADDRESSES = new BlockList();
OWN_ADDRESSES.addSubnet("127.0.0.0", 8, "ipv4");
OWN_ADDRESSES.addAddress("0.0.0.0", "ipv4");
OWN_ADDRESSES.addAddress("::1", "ipv6");
OWN_ADDRESSES.addAddress("::", "ipv6");
const OWN_NAME = /^(?:.+\.)?localhost$/;

/** Whether `hostname`, as `URL` writes it, is this machine. */
export function isThisMachine(hostname: string): boolean {
  const host = bare(hostname);
  return OWN_NAME.test(host) || contains(OWN_ADDRESSES, host);
}

/** Whether an entry of the list names the host of `target`. */
export function isExcepted(target: URL, list: string): boolean {
  const host = bare(target.hostname);
  const port = target.port || DEFAULT_PORTS[target.protocol];
  return list.split(/[\s,;]+/).some((entry) => entry === "*" || (entry !== "" && names(entry, host, port)));
}

function names(written: string, host: string, port: string | undefined): boolean {
  const entry = written.replace(/^https?:\/\//i, "").replace(/\/$/, "");
  const network = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})\]?(?::(\d+))?$/i.exec(entry);
  if (network) {
    const [, address = "", bits, only = port] = network;
    return only === port && isInNetwork(host, address, Number(bits));
  }
  const octets = /^((?:\d{1,3}\.){1,3})(?:\*(?:\.\*){0,2})?$/.exec(entry)?.[1]?.slice(0, -1).split(".");
  if (octets) return isInNetwork(host, [...octets, 0, 0, 0].slice(0, 4).join("."), 8 * octets.length);
  const { name, only } = splitPort(entry);
  if (only !== undefined && only !== port) return false;
  const wanted = canonical(name.replace(/^\*?\./, ""));
  if (isIP(wanted) !== 0) return isInNetwork(host, wanted, isIP(wanted) === 4 ? 32 : 128);
  return wanted !== "" && (host === wanted || host.endsWith(`.${wanted}`));
}

/** An IPv6 address may stand without brackets, and has no port then. */
function splitPort(entry: string): { name: string; only: string | undefined } {
  if (isIP(entry) === 6) return { name: entry, only: undefined };
  const [, name = "", only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name, only };
}

/** Returns a name or an address as `URL` writes it, without brackets; empty for what is neither. */
function canonical(name: string): string {
  if (/[/\\@?#]/.test(name)) return "";
  const text = `http://${isIP(name) === 6 ? `[${name}]` : name}/`;
  return URL.canParse(text) ? bare(new URL(text).hostname) : "";
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$|\.$/g, "");
}

function isInNetwork(host: string, network: string, bits: number): boolean {
  const list = new BlockList();
  try {
    list.addSubnet(network, bits, isIP(network) === 4 ? "ipv4" : "ipv6");
  } catch {
    return false; // no network: a typing error in the variable
  }
  return contains(list, host);
}

/** An IPv4 address that is written as an IPv6 one (`::ffff:…`) is in the networks of the IPv4 one. */
function contains(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? "ipv4" : "ipv6");
}
