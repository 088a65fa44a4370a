/** Declared secrets of a parcel. Values come from the environment of this process only and are never logged or stored. */
import { asFailure, ExecutionFailure } from "../support/failure.ts";
import type { Redactor } from "../support/redact.ts";
import type { Parcel } from "./load.ts";
import { listed } from "./printable.ts";
import { isCredentialOfAnotherTool, isReservedName } from "./secret-names.ts";

const isOfSeren = (name: string) => /^SEREN_/i.test(name);

/** A secret that has a value and must not leave this machine. */
export const NOT_ALLOWED = Symbol("not allowed");

/** Value of a secret by its name; undefined or empty when there is none. */
export type SecretSource = (name: string) => string | undefined | typeof NOT_ALLOWED;

/** Values of the environment. Credentials of other tools only where a person has allowed them by name. */
export function allowedSecrets(
  variable: (name: string) => string | undefined,
  allowed: readonly string[],
): SecretSource {
  const names = new Set(allowed.map((name) => name.toUpperCase()));
  return (name) => {
    const value = variable(name);
    return value && isCredentialOfAnotherTool(name) && !names.has(name.toUpperCase()) ? NOT_ALLOWED : value;
  };
}

/**
 * Returns the declared secrets that have a value and may leave, in the order of their declaration.
 * Throws `invalid_input` when a required one is missing or not allowed, and for names that are reserved by the platform.
 */
export function collectSecrets({ manifest }: Parcel, secret: SecretSource): [name: string, value: string][] {
  const reserved = manifest.secrets.map(({ name }) => name).filter(isOfSeren);
  if (reserved.length > 0) {
    throw new ExecutionFailure(
      "invalid_input",
      `this parcel declares ${listed(reserved)} as a secret, but names that begin with SEREN_ belong to Seren Cloud, which sets its own. Rename the secret in the Agentfile and build the parcel again`,
    );
  }
  const values = new Map<string, string>();
  const missing = new Set<string>();
  const refused = new Set<string>();
  for (const { name, required } of manifest.secrets) {
    const value = secret(name);
    if (value && value !== NOT_ALLOWED) values.set(name, value);
    else if (required) (value === NOT_ALLOWED ? refused : missing).add(name);
  }
  if (missing.size > 0) {
    const names = listed([...missing]);
    throw new ExecutionFailure(
      "invalid_input",
      `this parcel needs ${missing.size === 1 ? "the secret" : "the secrets"} ${names}, not set here. Set ${missing.size === 1 ? "an environment variable of that name" : "environment variables of these names"} in the shell that starts the host and try again; secrets kept by Dispatch itself do not reach a courier`,
    );
  }
  if (refused.size > 0) {
    throw new ExecutionFailure(
      "invalid_input",
      `this parcel asks for ${listed([...refused])}, ${refused.size === 1 ? "a credential" : "credentials"} of other tools on this machine. If the agent may have ${refused.size === 1 ? "it" : "them"}, set SEREN_BRIDGE_SECRETS=${[...refused].join(",")} in the shell that starts the host and try again`,
    );
  }
  return [...values];
}

/** Returns what `collectSecrets` throws, if it does. */
export function missingSecrets(parcel: Parcel, secret: SecretSource): ExecutionFailure | undefined {
  try {
    collectSecrets(parcel, secret);
    return undefined;
  } catch (error) {
    return asFailure(error);
  }
}

/** Returns the declared names whose values are credentials of other tools that nothing has allowed yet. */
export function refusedSecrets({ manifest }: Parcel, secret: SecretSource): string[] {
  return [...new Set(manifest.secrets.map(({ name }) => name))].filter((name) => secret(name) === NOT_ALLOWED);
}

/** What happens to the declared secrets, in sentences for a person; empty when none is declared. */
export function secretNotes(parcel: Parcel, secret: SecretSource): string[] {
  const names = [...new Set(parcel.manifest.secrets.map(({ name }) => name))];
  const refused = refusedSecrets(parcel, secret);
  const sent = names.filter((name) => secret(name) && !refused.includes(name));
  const reserved = names.filter(isReservedName);
  const note = (which: readonly string[], sentence: (names: string) => string) =>
    which.length > 0 ? [sentence(listed([...which]))] : [];
  return [
    ...note(sent, (all) => `${all}: sent to Seren Cloud with the deployment`),
    ...note(
      refused,
      (all) =>
        `${all}: not sent, because other tools use ${refused.length === 1 ? "it" : "them"}; allow with SEREN_BRIDGE_SECRETS`,
    ),
    ...note(
      reserved,
      (all) => `${all}: reserved by the platform, so the agent may see another value; choose another name`,
    ),
  ];
}

/** What is wrong with the names in `SEREN_BRIDGE_SECRETS`, in phrases for a person; empty when nothing is. */
export function allowedNameProblems(
  allowed: readonly string[],
  variable: (name: string) => string | undefined,
): string[] {
  const reserved = allowed.filter((name) => isReservedName(name) || isOfSeren(name));
  const unset = allowed.filter((name) => !reserved.includes(name) && !variable(name));
  return [
    ...(reserved.length > 0 ? [`${listed(reserved)}: reserved by the platform, so the agent does not get it`] : []),
    ...(unset.length > 0 ? [`${listed(unset)}: not set in this shell`] : []),
  ];
}

/** Tells the redactor the values of the declared secrets: a deployment that was made earlier knows them, too. */
export function hideSecrets(
  { manifest }: Parcel,
  variable: (name: string) => string | undefined,
  redactor: Pick<Redactor, "add">,
): void {
  for (const { name } of manifest.secrets) redactor.add(variable(name) ?? "");
}
