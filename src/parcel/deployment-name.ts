/** Names by which a deployment made from a parcel is found later. */
import { createHmac } from "node:crypto";
import { ExecutionFailure } from "../support/failure.ts";
import type { Secret } from "../support/secret.ts";
import { workloadLimits } from "./limits.ts";
import type { Parcel } from "./load.ts";
import { modelFields } from "./models.ts";
import { collectSecrets, type SecretSource } from "./secrets.ts";

/** Raise it when the same parcel and options produce a different workload, so that old deployments are not reused. */
const MAPPING_VERSION = 1;
const MAX_SLUG_LENGTH = 40;

/** Latin letters that Unicode does not decompose into a base letter and a mark. */
const LATIN = new Map([
  ["ß", "ss"],
  ["æ", "ae"],
  ["œ", "oe"],
  ["ø", "o"],
  ["ł", "l"],
  ["đ", "d"],
  ["ð", "d"],
  ["þ", "th"],
  ["ı", "i"],
]);

/**
 * Returns lower-case ASCII letters and digits with single `-` between them, at most 40 characters, never empty: `wörterbuch-日本`
 * becomes `worterbuch`, a name without any Latin letter or digit becomes `parcel`.
 */
export function slug(name: string | null | undefined): string {
  const latin = (name ?? "")
    .slice(0, 4 * MAX_SLUG_LENGTH)
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]/g, (letter) => LATIN.get(letter) ?? "-");
  const joined = latin
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .join("-");
  return joined.slice(0, MAX_SLUG_LENGTH).replace(/-$/, "") || "parcel";
}

/** Returns `<slug>-<digest, 8 hex>-<options, 8 hex>`; `optionsKey` comes from `workloadOptionsKey`. */
export function deploymentName({ manifest }: Parcel, optionsKey: string): string {
  return `${slug(manifest.name)}-${manifest.digest.slice(0, 8)}-${optionsKey}`;
}

/**
 * Returns eight hex digits that change whenever model, limits, env or the value of a secret does, so that a rotated secret gets
 * a new deployment. Keyed with the API key, so that a guessed secret cannot be checked against a name.
 * Throws what `collectSecrets` throws.
 */
export function workloadOptionsKey(parcel: Parcel, secret: SecretSource, apiKey: Secret): string {
  const key = apiKey.reveal();
  if (key === "") throw new ExecutionFailure("unauthorized", "no Seren API key is set");
  const { model_id, model_config, fallback_models } = modelFields(parcel);
  const canonical = JSON.stringify([
    MAPPING_VERSION,
    model_id ?? null,
    sorted(Object.entries(model_config ?? {})),
    fallback_models ?? [],
    sorted(Object.entries(workloadLimits(parcel) ?? {})),
    sorted(envEntries(parcel)),
    sorted(collectSecrets(parcel, secret)),
  ]);
  return createHmac("sha256", key).update(canonical).digest("hex").slice(0, 8);
}

/** Returns the ENV lines of the Agentfile. The last line of a name counts, as in an environment. */
export function envEntries({ manifest }: Parcel): [name: string, value: string][] {
  return [...new Map(manifest.env.map(({ name, value }) => [name, value]))];
}

function sorted<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
