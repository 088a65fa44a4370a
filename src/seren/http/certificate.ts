/** Certificates that are not accepted: which one it was, why, and what can be done. */
import type { PeerCertificate, TLSSocket } from "node:tls";
import { buildConnector } from "undici";
import { clipCharacters } from "../../support/clip.ts";
import { systemCode } from "../../support/system-error.ts";
import { onOneLine } from "../../support/unseen.ts";

const MAX_NAME_CHARACTERS = 120;
/** OpenSSL's names for what it finds wrong with a certificate, and Node's for a wrong host. */
const BAD_CERTIFICATE = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_)/;

/** Certificates by the errors that they caused: Node's errors name only one for a wrong host. */
const certificates = new WeakMap<Error, PeerCertificate>();

/** Connects as undici does, and remembers the certificate that a connection failed for. */
export function createConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  // undici returns the socket, which its types do not say.
  const connect: (...args: Parameters<buildConnector.connector>) => unknown = buildConnector(options);
  return (target, callback) => {
    let presented: PeerCertificate | undefined;
    const socket = connect(target, (...result) => {
      const [error] = result;
      if (error && presented && isCertificateError(error)) certificates.set(error, presented);
      callback(...result);
    });
    if (!isTlsSocket(socket)) return;
    // Before the listener of Node that judges the certificate, and closes the connection.
    socket.prependOnceListener("secure", () => {
      presented = socket.getPeerCertificate();
    });
  };
}

function isTlsSocket(socket: unknown): socket is TLSSocket {
  return typeof socket === "object" && socket !== null && "getPeerCertificate" in socket;
}

export function isCertificateError(error: Error): boolean {
  return BAD_CERTIFICATE.test(systemCode(error) ?? "");
}

/** Returns what is wrong with the certificate and what to do; undefined for any other error. */
export function certificateWords(error: Error): string | undefined {
  const code = systemCode(error);
  if (code === undefined || !isCertificateError(error)) return undefined;
  const own = "cert" in error ? (error.cert as PeerCertificate) : undefined;
  const certificate = certificates.get(error) ?? own;
  return `the certificate ${nameOf(certificate)}${reasonOf(code, certificate)} (${code})`;
}

function nameOf(certificate: PeerCertificate | undefined): string {
  const subject = certificate?.subject?.CN ?? certificate?.subject?.O ?? certificate?.subjectaltname;
  if (!subject) return "";
  const issuer = certificate?.issuer?.CN ?? certificate?.issuer?.O;
  return `of ${shown(subject)}${issuer ? `, issued by ${shown(issuer)},` : ""} `;
}

function reasonOf(code: string, certificate: PeerCertificate | undefined): string {
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return `expired${certificate ? ` on ${shown(certificate.valid_to)}` : ""}; check this machine's clock, else only its owner can renew it`;
    case "CERT_NOT_YET_VALID":
      return `is not valid${certificate ? ` before ${shown(certificate.valid_from)}` : " yet"}; check this machine's clock`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `is for ${certificate?.subjectaltname ? shown(certificate.subjectaltname) : "another host"}, and not for this host; check the address and who answers in its place`;
    case "CERT_REVOKED":
      return "was revoked; only its owner can replace it";
    default:
      return "comes from an authority that is not known here; if it is your network's own, set NODE_EXTRA_CA_CERTS to the file with the authority's certificate; where it is set, `seren-bridge doctor` checks that file";
  }
}

/** Names come from whoever answered. */
function shown(name: string | string[]): string {
  const text = Array.isArray(name) ? name.join(", ") : name;
  return clipCharacters(onOneLine(text), MAX_NAME_CHARACTERS, "…");
}
