/** Query parameters. Every reader throws an `ApiError` (400) for a value that does not fit. */
import { badRequest } from "./api-error.ts";

export interface IntegerOptions {
  /** Returned when the parameter is absent. */
  fallback: number;
  min: number;
  max: number;
}

export interface PageOptions {
  defaultLimit: number;
  maxLimit: number;
}

export class Query {
  readonly #values = new Map<string, string[]>();

  /** `text` is without its question mark. Throws an `ApiError` for a name that is not among `allowed`. */
  constructor(text: string, allowed: readonly string[]) {
    for (const [name, value] of new URLSearchParams(text)) {
      if (!allowed.includes(name)) throw badRequest(`Unknown query parameter ${name}`);
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, [value]);
      else values.push(value);
    }
  }

  /** Returns all values of a parameter that may be repeated. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  text(name: string): string | undefined {
    const values = this.#values.get(name);
    if (values !== undefined && values.length > 1) throw badRequest(`${name}: given more than once`);
    return values?.[0];
  }

  integer(name: string, { fallback, min, max }: IntegerOptions): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw badRequest(`${name}: expected an integer between ${min} and ${max}`);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const text = this.oneOf(name, ["true", "false"]);
    return text === undefined ? undefined : text === "true";
  }

  oneOf(name: string, values: readonly string[]): string | undefined {
    const text = this.text(name);
    if (text !== undefined && !values.includes(text)) throw badRequest(`${name}: expected one of ${values.join(", ")}`);
    return text;
  }

  /** Returns an RFC 3339 time as milliseconds since the epoch. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
    const value = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(value)) throw badRequest(`${name}: expected an RFC 3339 time`);
    return value;
  }
}

/** Returns the page of `items` that `limit` and `offset` ask for, with its metadata. */
export function paginate<T>(items: readonly T[], query: Query, { defaultLimit, maxLimit }: PageOptions) {
  const limit = query.integer("limit", { fallback: defaultLimit, min: 1, max: maxLimit });
  const offset = query.integer("offset", { fallback: 0, min: 0, max: Number.MAX_SAFE_INTEGER });
  const page = items.slice(offset, offset + limit);
  const total = items.length;
  return { page, pagination: { total, count: page.length, limit, offset, has_more: offset + page.length < total } };
}
