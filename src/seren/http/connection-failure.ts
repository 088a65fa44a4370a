/** Errors between this machine and a service: what to tell a person, and whether the request can have left. */
import { ExecutionFailure, type FailureDetails } from "../../support/failure.ts";
import { systemCode } from "../../support/system-error.ts";
import { certificateWords, isCertificateError } from "./certificate.ts";
import { TunnelFailure } from "./dispatcher.ts";

/**
 * Errors after which the request certainly did not leave this machine, so that repeating it does nothing twice. So do all
 * errors of connecting and of the certificate.
 */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const CONNECTING = new Set(["connect", "getaddrinfo"]);
/** What OpenSSL says where the other side does not speak TLS. */
const NO_TLS = /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/;

/** undici's error where the other side does not speak HTTP. */
const NO_HTTP = "HTTPParserError";

/**
 * Returns the failure for an error between this machine and the service. `status`: that of an answer that had begun.
 * `overdue`: our own timeout ended the exchange.
 */
export function toConnectionFailure(
  error: unknown,
  { status, overdue }: Pick<FailureDetails, "status" | "overdue"> = {},
): ExecutionFailure {
  const details: FailureDetails = status === undefined ? { neverSent: wasNeverSent(error) } : { status };
  if (overdue) details.overdue = true;
  if (!(error instanceof ExecutionFailure)) {
    const why = whyUnreachable(error);
    const unreachable = why
      ? `Seren Cloud could not be reached: ${why}`
      : "Seren Cloud could not be reached; check the network and SEREN_API_BASE";
    if (why && !overdue) details.explained = true;
    const what = overdue ? "Seren Cloud did not answer in time; try again later" : unreachable;
    return new ExecutionFailure("unavailable", what, { cause: error, details });
  }
  // One of our own: there is no key, or the answer is too large.
  if (status === undefined) return error;
  return new ExecutionFailure(error.kind, error.message, { cause: error, details: { ...error.details, ...details } });
}

/** Returns what stood in the way and what to do about it, where more is known than that there was no answer. */
export function whyUnreachable(error: unknown): string | undefined {
  return firstOf(chain(error), (one) => (one instanceof TunnelFailure ? proxyWords(one) : answererWords(one)));
}

/** What is wrong with whatever answers at the other end of a connection. */
function answererWords(error: Error): string | undefined {
  if (NO_TLS.test(systemCode(error) ?? "")) {
    return `what answers does not speak TLS (${systemCode(error)}); check the address, its port and the proxy`;
  }
  if (error.name === NO_HTTP) return "what answers does not speak HTTP; check the address, its port and the proxy";
  return certificateWords(error);
}

function proxyWords({ proxy, status, cause }: TunnelFailure): string {
  const name = `the proxy ${proxy.shown} (${proxy.variable})`;
  if (status === undefined) {
    const why = firstOf(chain(cause), answererWords);
    return why ? `${name}: ${why}` : `${name} does not answer; check it`;
  }
  return status === 407
    ? `${name} wants a user and a password; write them as http://user:password@host:port`
    : `${name} answered HTTP ${status}; check it, or except the host with NO_PROXY`;
}

function firstOf(errors: Error[], words: (error: Error) => string | undefined): string | undefined {
  for (const error of errors) {
    const found = words(error);
    if (found) return found;
  }
  return undefined;
}

function wasNeverSent(error: unknown): boolean {
  return chain(error).some((one) => {
    if (one instanceof TunnelFailure || isCertificateError(one)) return true;
    if (one instanceof AggregateError) return one.errors.length > 0 && one.errors.every(wasNeverSent);
    if ("syscall" in one && typeof one.syscall === "string" && CONNECTING.has(one.syscall)) return true;
    return NEVER_SENT.has(systemCode(one) ?? "");
  });
}

/** The error and its causes. */
function chain(error: unknown): Error[] {
  const errors: Error[] = [];
  for (let one = error; one instanceof Error && errors.length < 10; one = one.cause) errors.push(one);
  return errors;
}
