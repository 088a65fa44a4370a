/** The spellings in which a secret may appear in a text. */

/** Shorter secrets are not searched for: they would mask ordinary words. */
const MIN_SECRET_LENGTH = 6;
/** A shorter line of a secret is not searched for by itself: it may be a brace, or a word that many texts have. */
const MIN_LINE_LENGTH = 12;
/** JSON in JSON in JSON: a tool's answer inside the answer of an API inside an event. */
const JSON_LEVELS = 3;
/** How wide `base64` and `openssl` write their lines. */
const BASE64_LINES = [76, 64];

/** A longer secret, such as a key in PEM, is searched for in pieces: its spellings would be hundreds of times its length. */
const MAX_WHOLE_LENGTH = 256;
const PIECE_LENGTH = 64;
/** Of so many pieces all spellings are searched for, of the others the usual ones. */
const MAX_THOROUGH_PIECES = 32;

/**
 * Returns the spellings that are searched for; none for a secret that is too short. Once they have more than `most`
 * characters, only the usual ones are added.
 */
export function formsOf(secret: string, most = Number.POSITIVE_INFINITY): Set<string> {
  const forms = new Set<string>();
  let characters = 0;
  for (const [index, text] of partsOf(secret).entries()) {
    for (const form of index < MAX_THOROUGH_PIECES && characters < most ? allForms(text) : usualForms(text)) {
      if (form.length < MIN_SECRET_LENGTH || forms.has(form)) continue;
      forms.add(form);
      characters += form.length;
    }
  }
  return forms;
}

function allForms(text: string): string[] {
  return [...jsonForms(text), ...urlForms(text), ...htmlForms(text), ...byteForms(text)];
}

function usualForms(text: string): string[] {
  const bytes = Buffer.from(text);
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text.toWellFormed()),
    ...[0, 1, 2].map((before) => base64Core(bytes, before)),
  ];
}

/**
 * Returns the secret, with both kinds of line breaks, and its longer lines: a key in PEM is shown line by line. Of a long
 * secret the pieces of its lines, so that a part of it is found as well.
 */
function partsOf(secret: string): string[] {
  if (secret.length < MIN_SECRET_LENGTH) return [];
  const lines = secret.trim().split(/\r\n|[\r\n]/);
  const longer = lines.map((line) => line.trim()).filter((line) => line.length >= MIN_LINE_LENGTH);
  const telling = longer.filter((line) => !line.startsWith("-----"));
  const whole = [secret, lines.join("\n"), lines.join("\r\n")];
  if (secret.length <= MAX_WHOLE_LENGTH) return [...new Set([...whole, ...(lines.length > 1 ? telling : [])])];
  return [...new Set((telling.length > 0 ? telling : whole).flatMap(piecesOf))];
}

/** Pieces of nearly equal length, so that none is too short to be searched for. */
function piecesOf(line: string): string[] {
  return chunks(line, Math.ceil(line.length / Math.ceil(line.length / PIECE_LENGTH)));
}

/** Returns the text as it is, and inside JSON strings as the usual libraries write them. */
function jsonForms(text: string): string[] {
  const escapes = Array.from({ length: text.length }, (_, index) => unitEscape(text.charAt(index))).join("");
  const all = [text, escapes, upperEscapes(escapes)];
  let spelled = [text];
  for (let level = 0; level < JSON_LEVELS; level += 1) {
    spelled = [...new Set(spelled.flatMap(jsonSpellings))];
    all.push(...spelled);
    spelled = spelled.slice(0, 4); // most are equal; of a text full of escapes the plain ones are enough
  }
  return all;
}

function jsonSpellings(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const ascii = plain.replace(/[\u007f-\uffff]/g, unitEscape); // Python
  return [
    plain,
    ascii,
    plain.replaceAll("/", "\\/"), // PHP
    plain.replace(/[<>&]/g, unitEscape), // Go
  ].flatMap((form) => (form === plain ? [form] : [form, upperEscapes(form)]));
}

const unitEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const upperEscapes = (text: string) =>
  text.replace(/\\u[0-9a-f]{4}/g, (spelled) => `\\u${spelled.slice(2).toUpperCase()}`);

function urlForms(text: string): string[] {
  const whole = text.toWellFormed();
  const component = encodeURIComponent(whole);
  const form = new URLSearchParams({ "": whole }).toString().slice(1);
  const everyByte = Buffer.from(whole)
    .toString("hex")
    .toUpperCase()
    .replace(/../g, (byte) => `%${byte}`);
  return [component, form, encodeURI(whole), encodeURIComponent(component), everyByte].flatMap((one) => [
    one,
    one.replace(/%[0-9A-F]{2}/g, (spelled) => spelled.toLowerCase()), // `%2F` and `%2f` are the same character
  ]);
}

/** As Python and as Go, lodash and most templates escape it. */
function htmlForms(text: string): string[] {
  return [
    { '"': "&quot;", "'": "&#x27;" },
    { '"': "&#34;", "'": "&#39;" },
    { '"': "&quot;", "'": "&#39;" },
    { '"': '"', "'": "'" },
  ].map((quotes) =>
    text.replace(/[&<>"']/g, (one) => ({ ...quotes, "&": "&amp;", "<": "&lt;", ">": "&gt;" })[one] ?? one),
  );
}

function byteForms(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString("hex");
  const encoded = [0, 1, 2].map((before) => base64Core(bytes, before));
  const whole = bytes.toString("base64");
  const lines = BASE64_LINES.flatMap((width) => (whole.length > width ? chunks(whole, width) : [])).filter(
    (line) => line.length >= MIN_LINE_LENGTH,
  );
  return [
    hex,
    hex.toUpperCase(),
    ...[...encoded, ...lines].flatMap((form) => [
      form,
      form.replaceAll("+", "-").replaceAll("/", "_"),
      form.replaceAll("/", "\\/"),
      encodeURIComponent(form),
    ]),
  ];
}

/** Returns the characters that `bytes` alone decide when `before` other bytes precede them, modulo 3, and others follow. */
function base64Core(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
  const bits = (before + bytes.length) * 8;
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(bits / 6));
}

function chunks(text: string, width: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += width) pieces.push(text.slice(at, at + width));
  return pieces;
}
