/**
 * Removes secrets from text that leaves the process: every secret that was added, in the spellings of `secret-forms.ts`, and
 * text of a form that is always secret (bearer tokens, `seren_` keys, the signature of presigned URLs). Its cost is linear in
 * the text: the text comes from strangers.
 */
import { formsOf } from "./secret-forms.ts";
import { type MatcherState, START, TextMatcher } from "./text-matcher.ts";

export const MASK = "[redacted]";
/** A shorter beginning of a secret is held back for one piece only: a final `s` is rarely the beginning of `seren_…`. */
const MIN_HELD_LENGTH = 4;
/** So much of a secret's beginning is removed where a text ends: half of it, within these bounds. */
const AT_END = [8, 16] as const;
/** The same where we have cut the text: then it is no accident that the rest is missing. */
const AT_MARK = [4, 8] as const;

// In serialized text a line break before a key is `\n`, whose letter must not count as part of the word.
const KEYS = /(?:\b|(?<=\\[bfnrt]))seren_[A-Za-z0-9_-]{8,}/g;
/** A key is random, so it has a digit or a capital; our own tool names (`seren_run_status`) have neither. */
const IS_RANDOM = /[A-Z0-9]/;
const SHAPES: readonly RegExp[] = [
  /(?:\b|(?<=\\[bfnrt]))Bearer\s{1,64}[A-Za-z0-9._~+/=-]{8,}/gi,
  /(\bAuthorization["'\\]{0,4}\s{0,64}[:=]\s{0,64}["'\\]{0,4}Basic\s{1,64})[A-Za-z0-9._~+/=-]{4,}/gi,
  /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|sig|token|access_token)=)[^&\s"'\\]+/gi,
];

/** Characters of the spellings of all secrets, after which only the usual ones are added: each takes memory and time. */
const MAX_SPELLED_CHARACTERS = 1_000_000;

/** Every match of the shapes contains this. They are tried only on the few texts that do. */
const HINT = /seren_|bearer|basic|[?&]/i;

export interface Redactor {
  /** Adds a value that is removed from now on. */
  add(secret: string): void;
  redact(text: string): string;
  /** Removes added secrets only. What a person decides about must not be hidden because it looks like a secret. */
  redactKnown(text: string): string;
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
  let spelled = 0;
  let matcher: TextMatcher | undefined;
  const current = () => {
    if (known.size > 0) matcher ??= new TextMatcher(known);
    return matcher;
  };
  const redactKnown = (text: string) => {
    const search = current();
    return search ? withoutSecrets(text, search) : text;
  };
  return {
    add(secret) {
      const before = known.size;
      for (const form of formsOf(secret, MAX_SPELLED_CHARACTERS - spelled)) {
        if (!known.has(form)) spelled += form.length;
        known.add(form);
      }
      if (known.size > before) matcher = undefined;
    },
    redact: (text) => withoutShapes(redactKnown(text)),
    redactKnown,
    stream: () => new PieceRedactor(current),
  };
}

function withoutSecrets(text: string, search: TextMatcher): string {
  const scan = new Scan(search);
  scan.read(text, 0);
  scan.cut(text.length);
  return scan.takeMasked(text, text.length);
}

function withoutShapes(text: string): string {
  if (!HINT.test(text)) return text;
  const masked = text.replace(KEYS, (key) => (IS_RANDOM.test(key.slice("seren_".length)) ? MASK : key));
  return SHAPES.reduce(
    (kept, shape) => kept.replace(shape, (_, lead) => (typeof lead === "string" ? lead : "") + MASK),
    masked,
  );
}

/** A search through a text, and the parts of it that are secret. */
class Scan {
  readonly search: TextMatcher;
  #state: MatcherState = START;
  /** In order, without overlap. */
  #masks: { from: number; to: number }[] = [];
  /** The first mask was begun by a text that is gone, so its word is not written again. */
  #begun = false;

  constructor(search: TextMatcher, state: MatcherState = START) {
    this.search = search;
    this.#state = state;
  }

  /** Number of characters at the end that may become a secret. */
  get open(): number {
    return this.search.open(this.#state);
  }

  read(text: string, from: number): void {
    const { search } = this;
    let state = this.#state;
    for (let at = from; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (state !== START && isCutMark(text, at, unit)) {
        this.#state = state;
        this.cut(at, AT_MARK);
      }
      state = search.next(state, unit);
      const length = search.match(state);
      if (length > 0) this.#mask(at + 1 - length, at + 1);
    }
    this.#state = state;
  }

  /** The text ends, or was cut, at `at`: most of a secret is not shown because its last characters are missing. */
  cut(at: number, [least, most]: readonly [least: number, most: number] = AT_END): void {
    const length = this.open;
    const enough = Math.min(Math.max(least, this.search.word(this.#state) / 2), most);
    if (length >= enough) this.#mask(at - length, at);
  }

  /** Returns the first `end` characters of `text` without secrets. From then on they are forgotten. */
  takeMasked(text: string, end: number): string {
    if (this.#masks.length === 0) return end === text.length ? text : text.slice(0, end);
    let out = "";
    let at = 0;
    const later: { from: number; to: number }[] = [];
    let begun = false;
    for (const { from, to } of this.#masks) {
      if (from >= end && !(this.#begun && from === 0)) {
        later.push({ from: from - end, to: to - end });
        continue;
      }
      out += text.slice(at, from) + (this.#begun && from === 0 ? "" : MASK);
      at = Math.min(to, end);
      if (to > end) {
        later.push({ from: 0, to: to - end });
        begun = true;
      }
    }
    this.#masks = later;
    this.#begun = begun;
    return out + text.slice(at, end);
  }

  #mask(from: number, to: number): void {
    let start = Math.max(0, from); // what came before has been taken
    for (let last = this.#masks.at(-1); last && last.to >= start; last = this.#masks.at(-1)) {
      start = Math.min(start, last.from);
      this.#masks.pop();
    }
    this.#masks.push({ from: start, to });
  }
}

/** Whether our own functions have cut the text here (`clip.ts` and its callers). */
function isCutMark(text: string, at: number, unit: number): boolean {
  if (unit === 0x2026) return true; // …
  if (unit === 0x2e) return text.startsWith("...[truncated]", at);
  return unit === 0x0a && text.charCodeAt(at + 1) === 0x2026;
}

class PieceRedactor implements RedactedStream {
  readonly #current: () => TextMatcher | undefined;
  #scan: Scan | undefined;
  #held = "";

  constructor(current: () => TextMatcher | undefined) {
    this.#current = current;
  }

  push(piece: string): string {
    const search = this.#current();
    if (!search) return withoutShapes(piece);
    const text = this.#held + piece;
    // A secret that was added meanwhile is searched for in what is held as well.
    const isNew = this.#scan?.search !== search;
    if (!this.#scan || isNew) this.#scan = new Scan(search);
    this.#scan.read(text, isNew ? 0 : this.#held.length);
    return this.#take(text, Math.max(0, text.length - this.#scan.open));
  }

  pause(): string {
    return this.#scan && this.#scan.open < MIN_HELD_LENGTH ? this.#take(this.#held, this.#held.length) : "";
  }

  end(): string {
    this.#scan?.cut(this.#held.length);
    return this.#take(this.#held, this.#held.length);
  }

  #take(text: string, end: number): string {
    this.#held = text.slice(end);
    return withoutShapes(this.#scan?.takeMasked(text, end) ?? "");
  }
}
