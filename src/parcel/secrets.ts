/** Declared secrets of a parcel. Values come from the environment of this process only and are never logged or stored. */
import { ExecutionFailure } from "../support/failure.ts";
import type { Redactor } from "../support/redact.ts";
import type { Parcel } from "./load.ts";
import { listed } from "./printable.ts";

/** Value of a secret by its name; undefined or empty when there is none. */
export type SecretSource = (name: string) => string | undefined;

/**
 * Returns the declared secrets that have a value, in the order of their declaration.
 * Throws `invalid_input` when a required one is missing, and for names that are reserved by the platform.
 */
export function collectSecrets({ manifest }: Parcel, secret: SecretSource): [name: string, value: string][] {
  const reserved = manifest.secrets.map(({ name }) => name).filter((name) => /^SEREN_/i.test(name));
  if (reserved.length > 0) {
    throw new ExecutionFailure(
      "invalid_input",
      `this parcel declares ${listed(reserved)} as a secret, but names that begin with SEREN_ belong to Seren Cloud, which sets its own. Rename the secret in the Agentfile and build the parcel again`,
    );
  }
  const values = new Map<string, string>();
  const missing = new Set<string>();
  for (const { name, required } of manifest.secrets) {
    const value = secret(name);
    if (value) values.set(name, value);
    else if (required) missing.add(name);
  }
  if (missing.size > 0) {
    const names = listed([...missing]);
    throw new ExecutionFailure(
      "invalid_input",
      `this parcel needs ${missing.size === 1 ? "the secret" : "the secrets"} ${names}, not set here. Set ${missing.size === 1 ? "an environment variable of that name" : "environment variables of these names"} in the shell that starts the host and try again; secrets kept by Dispatch itself do not reach a courier`,
    );
  }
  return [...values];
}

/** Tells the redactor the values of the declared secrets: a deployment that was made earlier knows them, too. */
export function hideSecrets({ manifest }: Parcel, secret: SecretSource, redactor: Pick<Redactor, "add">): void {
  for (const { name } of manifest.secrets) redactor.add(secret(name) ?? "");
}
