/** Query parameters, checked: an unknown name, a bad number or a page above the documented maximum is refused. */
import { badRequest } from "./api-error.ts";

export class Query {
  readonly #values = new Map<string, string[]>();

  /** `allowed` are the names the published document knows for this operation. */
  constructor(text: string, allowed: readonly string[]) {
    if (text.length === 0) return;
    for (const [name, value] of new URLSearchParams(text)) {
      if (!allowed.includes(name)) throw badRequest(`Unknown query parameter ${name}`);
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, [value]);
      else values.push(value);
    }
  }

  /** All values of a parameter that may be repeated. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  text(name: string): string | undefined {
    const values = this.#values.get(name);
    if (values !== undefined && values.length > 1) throw badRequest(`${name}: given more than once`);
    return values?.[0];
  }

  integer(name: string, fallback: number, min: number, max: number): number {
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

  /** An RFC 3339 time, as milliseconds since the epoch. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
    const value = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(value)) throw badRequest(`${name}: expected an RFC 3339 time`);
    return value;
  }
}

export const PAGE_PARAMETERS = ["limit", "offset"] as const;

/** One page of `items` and the metadata that goes with it. */
export function paginate<T>(items: readonly T[], query: Query, fallback: number, max: number) {
  const limit = query.integer("limit", fallback, 1, max);
  const offset = query.integer("offset", 0, 0, Number.MAX_SAFE_INTEGER);
  const page = items.slice(offset, offset + limit);
  const total = items.length;
  return { page, pagination: { total, count: page.length, limit, offset, has_more: offset + page.length < total } };
}
