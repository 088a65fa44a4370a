/**
 * Single members of foreign JSON, read as liberally as they mean one thing and bounded in size. Each function returns
 * `undefined` for what cannot be used, and the member then counts as absent: the service deviates from its published
 * document (`docs/reference/seren-cloud-api.md`, section 12.1), and no member but ids, statuses and texts is worth an error.
 */
import { clipCharacters } from "../../support/clip.ts";
import { isObject, jsonText, parseJson } from "../../support/objects.ts";
import { UNSEEN } from "../../support/unseen.ts";
import { isUuid } from "../../support/uuid.ts";

/** Longest id in characters: ids are kept, sent back and written into names of files. */
const MAX_ID_CHARACTERS = 256;
/** Longest name, title or code. */
const MAX_NAME_CHARACTERS = 1_000;
/** Longest message, reason or step that is shown to a person. */
const MAX_PHRASE_CHARACTERS = 8_000;
const MAX_ADDRESS_CHARACTERS = 8_192;
/** Longest text of a number, e.g. a decimal in US dollars. */
const MAX_NUMBER_CHARACTERS = 40;

const UNSEEN_CHARACTER = new RegExp(`[${UNSEEN}]`, "v");
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/;
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The members of an object; none of anything else. */
export function membersIn(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** An object, or JSON text that is one. */
export function objectIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const object = typeof value === "string" ? parseJson(value) : value;
  return isObject(object) ? object : undefined;
}

/** A list; `undefined` for anything else. */
export function listIn(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** A text of any length, as it is. */
export function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * An id: a text that is not empty, or a whole number. A longer one than `MAX_ID_CHARACTERS` is none, nor is one with line
 * breaks or characters that cannot be seen: ids are printed, compared by people and typed.
 */
export function idIn(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  if (typeof value !== "string" || value.trim() === "" || value.length > MAX_ID_CHARACTERS) return undefined;
  return UNSEEN_CHARACTER.test(value) ? undefined : value;
}

/** A name, title or code: a text that is not empty, or a number; clipped. */
export function nameIn(value: unknown): string | undefined {
  return clippedIn(value, MAX_NAME_CHARACTERS);
}

/** A name that tells things apart: a text as it is. A number is none, nor is a longer text: a part of it is another name. */
export function exactNameIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME_CHARACTERS ? value : undefined;
}

/** A sentence for a person, clipped. */
export function phraseIn(value: unknown): string | undefined {
  return clippedIn(value, MAX_PHRASE_CHARACTERS);
}

/** An address. A longer one than `MAX_ADDRESS_CHARACTERS` is none: part of an address leads somewhere else. */
export function addressIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_ADDRESS_CHARACTERS ? value : undefined;
}

/** A finite number, or text that is one. */
export function numberIn(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || value.length > MAX_NUMBER_CHARACTERS || !NUMBER.test(value)) return undefined;
  return numberIn(Number(value));
}

/** An amount as a decimal text; a number is written as one. */
export function decimalIn(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.length <= MAX_NUMBER_CHARACTERS && DECIMAL.test(text) ? text : undefined;
}

export function flagIn(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  return undefined;
}

/**
 * What a tool was given or gave back, as text: text stays as it is, anything else becomes JSON text. `undefined` only where
 * there is nothing.
 */
export function contentIn(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : jsonText(value);
}

/**
 * A time in milliseconds since the epoch. Understood are texts that are dates, seconds and milliseconds since the epoch as
 * numbers or digits, and lists of numbers: year, day of the year or month and day, hour, minute, second, nanosecond and
 * the offset from UTC. A list that means two things is none.
 */
export function timeIn(value: unknown): number | undefined {
  if (Array.isArray(value)) return timeInList(value);
  const number = numberIn(value);
  if (number !== undefined) return epochIn(number);
  if (typeof value !== "string" || value.length > 64) return undefined;
  const time = Date.parse(WITHOUT_OFFSET.test(value) ? `${value}Z` : value);
  return Number.isNaN(time) ? undefined : time;
}

/** A time of a service without an offset is UTC. JavaScript takes it for the time zone of this machine. */
const WITHOUT_OFFSET = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?$/;

/** Years 2001 to 2286 in seconds and in milliseconds do not overlap. */
const EARLIEST_SECOND = 978_307_200;
const LATEST_SECOND = 10_000_000_000;

function epochIn(number: number): number | undefined {
  if (number >= EARLIEST_SECOND && number < LATEST_SECOND) return Math.round(number * 1000);
  if (number >= EARLIEST_SECOND * 1000 && number < LATEST_SECOND * 1000) return Math.round(number);
  return undefined;
}

function timeInList(list: readonly unknown[]): number | undefined {
  const numbers = list.filter((item): item is number => Number.isSafeInteger(item));
  if (numbers.length !== list.length || numbers.length < 3 || numbers.length > 9) return undefined;
  const times = [timeByMonth(numbers), timeByDayOfYear(numbers)].filter((time) => time !== undefined);
  return new Set(times).size === 1 ? times[0] : undefined;
}

/** `[year, month, day, hour?, minute?, second?, nanosecond?]`, in UTC. */
function timeByMonth(numbers: readonly number[]): number | undefined {
  if (numbers.length > 7) return undefined;
  const [year = 0, month = 0, day = 0, ...clock] = numbers;
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  return timeOf(year, month - 1, day, clock);
}

/** `[year, day of the year, hour, minute, second, nanosecond?, offset hours?, offset minutes?, offset seconds?]`. */
function timeByDayOfYear(numbers: readonly number[]): number | undefined {
  if (numbers.length < 5) return undefined;
  const [year = 0, day = 0, hour = 0, minute = 0, second = 0, nanosecond = 0, ...offset] = numbers;
  if (day < 1 || day > 366) return undefined;
  const time = timeOf(year, 0, day, [hour, minute, second, nanosecond]);
  const [hours = 0, minutes = 0, seconds = 0] = offset;
  if (time === undefined || Math.abs(hours) > 24 || Math.abs(minutes) > 59 || Math.abs(seconds) > 59) return undefined;
  return time - (hours * 3600 + minutes * 60 + seconds) * 1000;
}

function timeOf(year: number, month: number, day: number, clock: readonly number[]): number | undefined {
  const [hour = 0, minute = 0, second = 0, nanosecond = 0] = clock;
  const inRange =
    year >= 1970 &&
    year <= 9999 &&
    [hour, minute, second, nanosecond].every((part) => part >= 0) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 60 &&
    nanosecond <= 999_999_999;
  return inRange ? Date.UTC(year, month, day, hour, minute, second, Math.trunc(nanosecond / 1e6)) : undefined;
}

function clippedIn(value: unknown, most: number): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text !== "" ? clipCharacters(text, most, "…") : undefined;
}

/** The marker of a create call, as every client like this one makes it: a UUID. Another word does not say whose the run is. */
export function markerIn(value: unknown): string | undefined {
  const id = idIn(value);
  return id !== undefined && isUuid(id) ? id.toLowerCase() : undefined;
}
