/** The API key: from the environment, else from a file that only its owner can read. */
import { readFileSync, statSync } from "node:fs";
import type { Config } from "./config.ts";
import { ExecutionFailure } from "./support/failure.ts";
import type { Redactor } from "./support/redact.ts";
import { Secret } from "./support/secret.ts";

/** What a header can hold: printable ASCII without blanks. */
const KEY = /^[\x21-\x7e]+$/;

/** Reads the key at its first use and tells the redactor about it. Throws `unauthorized` naming the sources tried. */
export function apiKeyReader(config: Config, redactor: Redactor): () => Secret {
  let known: Secret | undefined;
  return () => {
    if (!known) {
      const key = config.apiKey ?? readFile(config.credentialsFile);
      redactor.add(key);
      if (!KEY.test(key)) {
        const where = config.apiKey ? "SEREN_API_KEY" : config.credentialsFile;
        throw new ExecutionFailure("unauthorized", `${where} holds something that cannot be a key; copy it once more`);
      }
      known = new Secret(key);
    }
    return known;
  };
}

function readFile(path: string): string {
  let text: string;
  try {
    if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
      throw new ExecutionFailure("unauthorized", `${path} can be read by others; run: chmod 600 "${path}"`);
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof ExecutionFailure) throw error;
    throw new ExecutionFailure(
      "unauthorized",
      `no Seren API key: set SEREN_API_KEY, or run \`seren-bridge login\`, which stores it in ${path}. To try without a key set SEREN_API_BASE=local`,
      { cause: error },
    );
  }
  const key = keyIn(text);
  if (!key) throw new ExecutionFailure("unauthorized", `${path} is not of the form {"api_key": "…"}`);
  return key;
}

function keyIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "api_key" in value && typeof value.api_key === "string") {
      return value.api_key.trim() || undefined;
    }
  } catch {
    // not JSON: the caller reports it
  }
  return undefined;
}
