/** The spellings in which a secret may appear in a text. */

/** Shorter secrets are not searched for: they would mask ordinary words. */
const MIN_SECRET_LENGTH = 6;
/** A shorter line of a secret is not searched for by itself: it may be a brace, or a word that many texts have. */
const MIN_LINE_LENGTH = 12;
/** JSON in JSON in JSON: a tool's answer inside the answer of an API inside an event. */
const JSON_LEVELS = 3;
/** How wide `base64` and `openssl` write their lines. */
const BASE64_LINES = [76, 64];

/** Returns the spellings that are searched for; none for a secret that is too short. */
export function formsOf(secret: string): Set<string> {
  const forms = new Set<string>();
  for (const text of partsOf(secret)) {
    for (const form of [...jsonForms(text), ...urlForms(text), ...htmlForms(text), ...byteForms(text)]) {
      if (form.length >= MIN_SECRET_LENGTH) forms.add(form);
    }
  }
  return forms;
}

/** Returns the secret, with both kinds of line breaks, and its longer lines: a key in PEM is shown line by line. */
function partsOf(secret: string): Set<string> {
  if (secret.length < MIN_SECRET_LENGTH) return new Set();
  const lines = secret.trim().split(/\r\n|[\r\n]/);
  const parts = new Set([secret, lines.join("\n"), lines.join("\r\n")]);
  if (lines.length > 1) {
    for (const line of lines.map((one) => one.trim())) {
      if (line.length >= MIN_LINE_LENGTH && !line.startsWith("-----")) parts.add(line);
    }
  }
  return parts;
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
