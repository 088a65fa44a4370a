/**
 * Keeps addresses that a stranger chose away from this machine and its network. Names are judged by what they resolve to, at
 * the moment of connecting, so that a name cannot change its mind between a check and the connection.
 */
import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { ExecutionFailure } from "../../support/failure.ts";

/**
 * Networks that do not lead to the public internet (IANA's registry of special-purpose addresses). 198.18.0.0/15 is not
 * among them: local tunnels let names resolve to it, and what they do with it is theirs.
 */
const SPECIAL_V4 =
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 " +
  "192.168.0.0/16 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4";
/** A network that has IPv6 only reaches an IPv4 address as the last 32 bits of this prefix (RFC 6052). */
const NAT64 = "64:ff9b::";
const NAT64_BITS = 96;
/** Public IPv6. Within it, these lead elsewhere or carry an IPv4 address that cannot be judged. */
const GLOBAL_V6 = `2000::/3 ${NAT64}/${NAT64_BITS}`;
const SPECIAL_V6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20";

const special4 = new BlockList();
const special6 = new BlockList();
const global6 = new BlockList();
for (const [network, bits] of networks(SPECIAL_V4)) {
  special4.addSubnet(network, bits, "ipv4");
  special6.addSubnet(NAT64 + network, NAT64_BITS + bits, "ipv6");
}
for (const [network, bits] of networks(SPECIAL_V6)) special6.addSubnet(network, bits, "ipv6");
for (const [network, bits] of networks(GLOBAL_V6)) global6.addSubnet(network, bits, "ipv6");

function networks(list: string): [network: string, bits: number][] {
  return list.split(" ").map((entry) => {
    const [network = "", bits] = entry.split("/");
    return [network, Number(bits)];
  });
}

/** Whether an IP address leads to the public internet. Text that is none does not, nor an IPv4 address mapped into IPv6. */
export function isPublicIp(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special4.check(address, "ipv4");
    case 6:
      return global6.check(address, "ipv6") && !special6.check(address, "ipv6");
    default:
      return false;
  }
}

/** Names of this machine by definition (RFC 6761), also where they do not resolve. */
const LOCALHOST = /(?:^|\.)localhost\.?$/;

/** Throws unless `hostname`, as `URL` writes it, is a name or a public IP address. `URL` has made `0x7f.1` to `127.0.0.1`. */
export function requirePublicHost(hostname: string): void {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (LOCALHOST.test(bare) || (isIP(bare) !== 0 && !isPublicIp(bare))) throw refused();
}

export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/** Resolves names for connections, and refuses those of which one address is not public. */
export function publicLookup(resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error) callback(error, "", 0);
      else if (!first || !addresses.every(({ address }) => isPublicIp(address))) callback(refused(), "", 0);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function refused(): ExecutionFailure {
  return new ExecutionFailure(
    "invalid_input",
    "its address leads to this machine or its own network, and not to the public internet",
  );
}
