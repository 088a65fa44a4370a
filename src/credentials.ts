/** The API key: from the environment, else from a file that only its owner can read. */
import type { Config } from "./config.ts";
import type { Ambient } from "./support/ambient.ts";
import { asFailure, ExecutionFailure } from "./support/failure.ts";
import { lazy } from "./support/lazy.ts";
import { ownershipProblem, whyDenied } from "./support/own-file.ts";
import { readPlainFile, textOf } from "./support/plain-file.ts";
import { isLoopback } from "./support/proxy.ts";
import type { Redactor } from "./support/redact.ts";
import { Responsive } from "./support/responsive.ts";
import { Secret } from "./support/secret.ts";
import { systemCode } from "./support/system-error.ts";

/** What a header can hold: printable ASCII without blanks. */
const KEY = /^[\x21-\x7e]+$/;
const QUOTED = /^(["']).*\1$/s;
const MAX_BYTES = 64 * 1024;

interface Stored {
  key: string;
  /** Origin of the service that it was stored for. */
  service: string | undefined;
}

/** The limit for the disk of the key's file, which may be in a home folder on a network that is gone. */
export function keyDisk(config: Config, ambient: Ambient): () => Responsive {
  let disk: Responsive | undefined;
  return () => {
    disk ??= new Responsive(config.credentialsFile, ambient, "set SEREN_API_KEY");
    return disk;
  };
}

/** Reads the key at its first use and tells the redactor about it. Rejects with `unauthorized`, naming the sources tried. */
export function apiKeyReader(config: Config, redactor: Redactor, disk: () => Responsive): () => Promise<Secret> {
  return lazy(async () => {
    const stored = config.apiKey === undefined ? await readStored(config.credentialsFile, disk()) : undefined;
    const key = config.apiKey ?? stored?.key ?? "";
    redactor.add(key);
    const where = stored ? config.credentialsFile : "SEREN_API_KEY";
    if (QUOTED.test(key)) {
      throw refused(`${where} has quotes around the key (env files of Docker keep them); remove the quotes`);
    }
    if (!KEY.test(key)) throw refused(`${where} holds something that cannot be a key; copy it once more`);
    if (stored) keepFromStrangers(config, stored);
    return new Secret(
      key,
      stored ? `it is the one in ${where}: store another one with \`seren-bridge login\`` : "check SEREN_API_KEY",
    );
  });
}

/** Any program of this machine can listen on a loopback port, so a stored key goes there only if it was stored for there. */
function keepFromStrangers(config: Config, { service }: Stored): void {
  const { origin, hostname } = new URL(config.apiBase());
  if (!isLoopback(hostname) || service === origin) return;
  throw refused(
    `the key in ${config.credentialsFile} is not sent to ${origin}, where any program of this machine may listen; set SEREN_API_KEY for it, or run \`seren-bridge login\` with this SEREN_API_BASE`,
  );
}

async function readStored(path: string, disk: Responsive): Promise<Stored> {
  try {
    const file = await readPlainFile(path, MAX_BYTES, disk);
    if (file) {
      const problem = ownershipProblem(path, file.stats, "secret");
      if (problem !== undefined) throw refused(problem);
      return parse(path, textOf(path, file.bytes));
    }
  } catch (error) {
    const denied = systemCode(asFailure(error).cause) === "EACCES";
    throw refused(denied ? await disk.ask(() => whyDenied(path)) : asFailure(error).message, error);
  }
  throw refused(
    `no Seren API key: set SEREN_API_KEY, or run \`seren-bridge login\`, which stores it in ${path}. To try without a key set SEREN_API_BASE=local`,
  );
}

function parse(path: string, text: string): Stored {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "api_key" in value && typeof value.api_key === "string") {
      const key = value.api_key.trim();
      const service = "service" in value && typeof value.service === "string" ? value.service : undefined;
      if (key) return { key, service };
    }
  } catch {
    // not JSON: reported below
  }
  throw refused(`${path} is not of the form {"api_key": "…"}; run \`seren-bridge login\` to write it anew`);
}

function refused(message: string, cause?: unknown): ExecutionFailure {
  return new ExecutionFailure("unauthorized", message, cause === undefined ? {} : { cause });
}
