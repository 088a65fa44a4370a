/**
 * Answers of something else in Seren Cloud's place: the login page of a network, a firewall, a gateway that cannot reach it.
 * The service itself never redirects, and answers in JSON.
 */
import { clipCharacters } from "../../support/clip.ts";
import type { HttpResponse } from "./transport.ts";

const MAX_LOCATION_CHARACTERS = 200;

/** Returns who answered and what to do; undefined for what may be an answer of the service. */
export function strangerWords(response: HttpResponse): string | undefined {
  const { status, headers } = response;
  if (status >= 300 && status <= 399) {
    const location = shownLocation(headers.location);
    return `something on the way answers in Seren Cloud's place and sends us${location ? ` to ${location}` : " elsewhere"} (HTTP ${status}); log in there with a browser, or have Seren Cloud's address let through`;
  }
  if (status === 407) {
    return "a proxy on the way wants a user and a password (HTTP 407); set HTTPS_PROXY to http://user:password@host:port";
  }
  if (status === 511) {
    return "this network wants a login before it lets anything through (HTTP 511); log in with a browser";
  }
  if ((status >= 520 && status <= 527) || status === 530) {
    return `the gateway in front of Seren Cloud does not reach it (HTTP ${status}); neither your key nor your network is the reason, so try again later`;
  }
  if (!isPage(response)) return undefined;
  if (status <= 299) {
    return `a web page answers in Seren Cloud's place (HTTP ${status}); log in to the network with a browser, or check SEREN_API_BASE`;
  }
  if (status === 401 || status === 403) {
    return `a firewall or gateway in front of Seren Cloud refuses the request (HTTP ${status}), so the key was not judged; have this machine's requests let through`;
  }
  return undefined;
}

function isPage({ headers, body }: HttpResponse): boolean {
  return /\b(?:html|xml)\b/i.test(headers["content-type"] ?? "") || /^[\s\ufeff]*<[!?a-z]/i.test(body);
}

/** Without its query, which may hold what nobody else should have. */
function shownLocation(location: string | undefined): string | undefined {
  if (!location) return undefined;
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url && url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const shown = url ? url.origin + url.pathname : (location.split(/[?#]/, 1)[0] ?? "");
  return clipCharacters(shown.replace(/[\s\p{Cc}\p{Cf}]+/gu, ""), MAX_LOCATION_CHARACTERS, "…") || undefined;
}
