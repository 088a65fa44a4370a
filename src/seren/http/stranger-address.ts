/** Addresses that a run or the service gave for content. They are a stranger's, whoever passed them on. */
import { requirePublicHost } from "./public-address.ts";

export interface StrangerAddress {
  url: URL;
  /** It is at the service's own origin, and so may be on loopback and without TLS, as the service itself. */
  isOwn: boolean;
}

/**
 * Throws what `refuse` makes of the reason unless the address has no password, and is https to the public internet or at the
 * service's own origin. What a name resolves to is judged when the connection is made.
 */
export function readStrangerAddress(address: string, service: string, refuse: (why: string) => Error): StrangerAddress {
  if (!URL.canParse(address)) throw refuse("is not a URL");
  const url = new URL(address);
  if (url.username || url.password) throw refuse("carries a password");
  const { origin, protocol } = new URL(service);
  // By its scheme as well: the origin of `blob:https://host/…` is that of the host.
  const isOwn = url.origin === origin && url.protocol === protocol;
  if (!isOwn) {
    if (url.protocol !== "https:") throw refuse("is not https");
    requirePublicHost(url.hostname);
  }
  return { url, isOwn };
}
