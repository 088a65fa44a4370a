/** Cron expressions of five fields: when one is due next, in a time zone. */

interface Field {
  min: number;
  max: number;
  names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
  { min: 0, max: 7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];
const MINUTE_MS = 60_000;
/** Of looking: eight years of days, and the hours and minutes of one day. */
const MAX_STEPS = 4_000;

export interface Schedule {
  /** Returns the first minute after `now` that is due, in milliseconds since the epoch; undefined when there is none. */
  nextAfter(now: number): number | undefined;
}

/** Returns undefined for what is no expression of five fields. Throws a `RangeError` for an unknown time zone. */
export function parseCron(expression: string, timeZone: string): Schedule | undefined {
  const parts = expression.trim().toLowerCase().split(/\s+/);
  const sets = parts.map((part, index) => valuesOf(part, FIELDS[index]));
  const [minutes, hours, days, months, weekdays] = sets;
  if (parts.length !== FIELDS.length || !minutes || !hours || !days || !months || !weekdays) return undefined;
  if (weekdays.has(7)) weekdays.add(0);
  const isAny = (index: number) => parts[index]?.startsWith("*") === true;
  const local = localTime(timeZone);
  const isDay = ({ day, month, weekday }: LocalTime) => {
    if (!months.has(month)) return false;
    // As cron has it: where both are restricted, one of them is enough.
    if (isAny(2) || isAny(4)) return days.has(day) && weekdays.has(weekday);
    return days.has(day) || weekdays.has(weekday);
  };
  return {
    nextAfter(now) {
      let at = (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
      for (let steps = 0; steps < MAX_STEPS; steps += 1) {
        const time = local(at);
        if (!isDay(time)) at += ((23 - time.hour) * 60 + (60 - time.minute)) * MINUTE_MS;
        else if (!hours.has(time.hour)) at += (60 - time.minute) * MINUTE_MS;
        else if (!minutes.has(time.minute)) at += MINUTE_MS;
        else return at;
      }
      return undefined;
    },
  };
}

function valuesOf(text: string, field: Field | undefined): Set<number> | undefined {
  if (!field) return undefined;
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const [, from = "", to, step] = /^([^-/]+)(?:-([^-/]+))?(?:\/(\d{1,2}))?$/.exec(item) ?? [];
    const first = from === "*" ? field.min : readOne(from, field);
    const last = from === "*" || (to === undefined && step !== undefined) ? field.max : readOne(to ?? from, field);
    const by = Number(step ?? 1);
    if (first === undefined || last === undefined || last < first || by < 1) return undefined;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}

function readOne(text: string, { min, max, names }: Field): number | undefined {
  const named = names?.indexOf(text) ?? -1;
  if (named >= 0) return named + min;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return value >= min && value <= max ? value : undefined;
}

interface LocalTime {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
}

function localTime(timeZone: string): (at: number) => LocalTime {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const weekdays = FIELDS[4]?.names ?? [];
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const weekday = weekdays.indexOf((parts.get("weekday") ?? "").toLowerCase());
    return { minute: number("minute"), hour: number("hour"), day: number("day"), month: number("month"), weekday };
  };
}
