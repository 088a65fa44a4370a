/**
 * Removes secrets from text that leaves the process: every secret that was added, and text of a form that is always secret
 * (bearer tokens, `seren_` keys, the signature of presigned URLs).
 */

/** Shorter secrets are not searched for: they would mask ordinary words. */
const MIN_SECRET_LENGTH = 6;
const MASK = "[redacted]";
/** A shorter beginning of a secret is held back for one piece only: a final `s` is rarely the beginning of `seren_…`. */
const MIN_HELD_LENGTH = 4;

// A key is random, so it has a digit or a capital; our own tool names (`seren_run_status`) have neither. In serialized
// text a line break before it is `\n`, whose letter must not count as part of the word.
const SHAPES: readonly RegExp[] = [
  /(?:\b|(?<=\\[bfnrt]))seren_(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{8,}/g,
  /(?:\b|(?<=\\[bfnrt]))Bearer\s+[A-Za-z0-9._~+/=-]{8,}/gi,
  /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|sig|token|access_token)=)[^&\s"'\\]+/gi,
];

/** Every match of `SHAPES` contains this. They are tried only on the few texts that do. */
const HINT = /seren_|bearer|[?&]/i;

export interface Redactor {
  /** Adds a value that is removed from now on. */
  add(secret: string): void;
  redact(text: string): string;
  /** For text that arrives in pieces: an added secret is removed also where it is cut. */
  stream(): RedactedStream;
}

export interface RedactedStream {
  /** Returns what may be sent now. What may be the beginning of a secret is held back until the next piece. */
  push(piece: string): string;
  /** To be called before something else is sent. Returns what was held back if it is short, so that no word is torn apart. */
  pause(): string;
  /** Returns what was held back: it did not become a secret. */
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
      // Longest first: a secret that contains another one is removed as a whole.
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
      let said = ""; // the last few characters that were sent: a secret may begin there
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

/** Returns the length of the longest end of `text` that is the beginning of a secret. */
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

/** `%2F` and `%2f` are the same character. */
function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
}
