/**
 * What a JSON text costs once it is parsed. Its length does not say: 32 MiB of `[],` are ten million arrays, and half a
 * gigabyte.
 */
import { endOfString } from "./json-string.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

/** More than the events of a record of the largest size that is read have members. */
const MAX_VALUES = 2_000_000;

/** Whether the text has more than `most` values, by default two million: commas and opening brackets outside of strings. */
export function hasTooManyValues(text: string, most = MAX_VALUES): boolean {
  if (text.length <= most) return false; // no shorter text can have more
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT) values += 1;
    if (values > most) return true;
  }
  return false;
}
