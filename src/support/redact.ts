/**
 * Removes secrets from text where bytes leave the process: every secret this process was told of, and shapes that are
 * always secret (bearer tokens, `seren_` keys, the signature part of presigned URLs).
 */

/** Secrets shorter than this are not searched for: they would blank out ordinary words. */
const MIN_SECRET_LENGTH = 6;
const MASK = "[redacted]";
/** A shorter beginning of a secret does not wait for longer than the next piece: a final `s` is rarely a key `seren_…`. */
const MIN_HELD_LENGTH = 4;

// A key is random, so it has a digit or a capital somewhere; our own tool names (`seren_run_status`) have neither.
// In serialized text a line break before it reads `\n`, whose letter must not hide the start of the word.
const SHAPES: readonly RegExp[] = [
  /(?:\b|(?<=\\[bfnrt]))seren_(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{8,}/g,
  /(?:\b|(?<=\\[bfnrt]))Bearer\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|sig|token|access_token)=)[^&\s"'\\]+/gi,
];

/** What every shape needs: the shapes themselves are tried on the few texts that have it. */
const HINT = /seren_|bearer|[?&]/i;

export interface Redactor {
  /** Adds a value to be removed from now on. */
  add(secret: string): void;
  redact(text: string): string;
  /** For text that arrives in pieces: a known secret is removed wherever it was cut. */
  stream(): RedactedStream;
}

export interface RedactedStream {
  /** What may go out now. The beginning of what could become a secret is held back until the next piece tells. */
  push(piece: string): string;
  /** Something else goes out next: what was held back for a few characters only, so that no word is torn apart by it. */
  pause(): string;
  /** What was held back; it did not become a secret. */
  end(): string;
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
      if (!HINT.test(out)) return out;
      for (const shape of SHAPES) out = out.replace(shape, (_, kept) => (typeof kept === "string" ? kept : "") + MASK);
      return out;
    },
    stream() {
      let said = ""; // the last few characters that went out: a secret may have begun there
      let held = "";
      const release = (text: string, upTo: number) => {
        const out = text.slice(0, upTo);
        said = (said + out).slice(-(MIN_HELD_LENGTH - 1));
        return out;
      };
      return {
        push(piece) {
          const text = said + held + piece;
          const first = pattern ? text.search(pattern) : -1;
          const from = first >= 0 && first < said.length ? first : said.length;
          const whole = pattern ? text.replace(pattern, MASK) : text;
          const clean = whole.slice(from);
          const keep = Math.min(beginningOfSecret(whole, known), clean.length);
          held = clean.slice(clean.length - keep);
          return release(clean, clean.length - keep);
        },
        pause() {
          return held.length < MIN_HELD_LENGTH ? this.end() : "";
        },
        end() {
          const rest = held;
          held = "";
          return release(rest, rest.length);
        },
      };
    },
  };
}

/** How many characters at the end of `text` are the beginning of a secret, of the longest such. */
function beginningOfSecret(text: string, secrets: Iterable<string>): number {
  let longest = 0;
  const last = text.at(-1);
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length > longest; length -= 1) {
      if (secret[length - 1] === last && text.endsWith(secret.slice(0, length))) longest = length;
    }
  }
  return longest;
}

/** `%2F` and `%2f` are the same. */
function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
}
