/**
 * Removes secrets from text where bytes leave the process: every secret this process was told of, and shapes that are
 * always secret (bearer tokens, `seren_` keys, the signature part of presigned URLs).
 */

/** Secrets shorter than this are not searched for: they would blank out ordinary words. */
const MIN_SECRET_LENGTH = 6;
const MASK = "[redacted]";

// A key is random, so it has a digit or a capital somewhere; our own tool names (`seren_run_status`) have neither.
// In serialized text a line break before it reads `\n`, whose letter must not hide the start of the word.
const SHAPES: readonly RegExp[] = [
  /(?:\b|(?<=\\[bfnrt]))seren_(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{8,}/g,
  /(?:\b|(?<=\\[bfnrt]))Bearer\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|sig|token|access_token)=)[^&\s"'\\]+/gi,
];

export interface Redactor {
  /** Adds a value to be removed from now on. */
  add(secret: string): void;
  redact(text: string): string;
}

export function createRedactor(): Redactor {
  const known = new Set<string>();
  let pattern: RegExp | undefined;
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return {
    add(secret) {
      const url = encodeURIComponent(secret.toWellFormed());
      const form = new URLSearchParams({ "": secret }).toString().slice(1);
      for (const text of [secret, JSON.stringify(secret).slice(1, -1), url, form, lowerHex(url), lowerHex(form)]) {
        if (text.length >= MIN_SECRET_LENGTH) known.add(text);
      }
      // Longest first: a secret that contains another must go as a whole.
      const forms = [...known].sort((a, b) => b.length - a.length).map(literal);
      pattern = forms.length > 0 ? new RegExp(forms.join("|"), "g") : undefined;
    },
    redact(text) {
      let out = pattern ? text.replace(pattern, MASK) : text;
      for (const shape of SHAPES) out = out.replace(shape, (_, kept) => (typeof kept === "string" ? kept : "") + MASK);
      return out;
    },
  };
}

/** `%2F` and `%2f` are the same. */
function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
}
