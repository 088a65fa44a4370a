/**
 * The members of a JSON answer, and one of them changed to another JSON type. A path names a member in every item of a
 * list at once (`data[].name`). Items that have a `type` are told apart by it (`output_events[tool_call].id`).
 */
export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

/** What a member is changed to. `absent` removes it, `extra` adds an unknown member to the object that it is. */
export const ODDITIES = [
  "absent",
  "null",
  "number",
  "string",
  "boolean",
  "array",
  "numbers",
  "object",
  "long_string",
  "unknown_word",
  "extra",
] as const;
export type Oddity = (typeof ODDITIES)[number];

/** Without these members there is nothing to go by: a client may require them and no others. */
export const REQUIRED_MEMBERS: readonly string[] = ["id", "run_id", "status", "text", "data", "type"];

/** 200,000 characters. */
const LONG_STRING = "long ".repeat(40_000);

/** What a member can be changed to, several forms each; the first is the one that a rule without `form` means. */
const FORMS: Readonly<Record<Exclude<Oddity, "absent" | "extra">, readonly Json[]>> = {
  null: [null],
  number: [7, 0, -1, 1.5, 1e21],
  string: ["odd", "", " ", "null", "\0", "\ud800", "a\nb"],
  boolean: [true, false],
  array: [[], [null], ["odd"], [[]], [{}]],
  // A date-time as the service's serializer has been seen to write it (docs/reference/seren-cloud-api.md, section 12.1).
  numbers: [[2026, 331, 7, 45, 12, 123_456_000], [2026, 11, 27, 7, 45, 12], [-1, 1e21], [0]],
  object: [{ odd: "member" }, {}, { "": null, length: -1 }, { constructor: 1, toString: {} }],
  long_string: [LONG_STRING, "x".repeat(200_000), "é\u{1f600}".repeat(60_000), "\n".repeat(200_000)],
  // The last ones are members of every object of JavaScript: a table that is asked for them by name has them.
  unknown_word: ["never_heard_of", "NEVER-HEARD.OF", "constructor", "__proto__", "toString"],
};

/** Most forms of one oddity. A `form` beyond those that an oddity has begins with the first again. */
export const MOST_FORMS = Math.max(...Object.values(FORMS).map((forms) => forms.length));

/** Returns the oddities that give `value` another type or content; `extra` is for objects only. */
export function odditiesOf(value: Json): Oddity[] {
  const kind = kindOf(value);
  return ODDITIES.filter((oddity) => {
    if (oddity === "extra") return kind === "object";
    return oddity !== kind || kind === "object";
  });
}

function kindOf(value: Json): "null" | "array" | "object" | "string" | "number" | "boolean" {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as "object" | "string" | "number" | "boolean";
}

/** Returns the members below `value` by path, each with one value that it has, preferably not null. Containers count. */
export function membersOf(value: Json, path = ""): Map<string, Json> {
  const found = new Map<string, Json>();
  visit(value, path, (at, member) => {
    if (!found.has(at) || found.get(at) === null) found.set(at, member);
  });
  return found;
}

function visit(value: Json, path: string, take: (path: string, member: Json) => void): void {
  for (const [at, member] of childrenOf(value, path)) {
    take(at, member);
    visit(member, at, take);
  }
}

/** Returns the items or members of `value`, which is at `path`, with their paths. */
function childrenOf(value: Json, path: string): [path: string, member: Json][] {
  if (Array.isArray(value)) return value.map((item) => [`${path}[${typeOf(item)}]`, item]);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).map(([name, member]) => [memberPath(path, name), member]);
}

const memberPath = (path: string, name: string) => (path === "" ? name : `${path}.${name}`);

function typeOf(item: Json): string {
  return item !== null && typeof item === "object" && !Array.isArray(item) && typeof item.type === "string"
    ? item.type
    : "";
}

/**
 * Returns a copy of `value` with the member at `path` changed wherever it is. Where the object that would hold it has no
 * such member, it is added.
 */
export function withOddMember(value: Json, odd: OddMember): Json {
  return change(value, "", odd) ?? null;
}

export interface OddMember {
  path: string;
  oddity: Oddity;
  /** Which of the values of this oddity, from 0. Default 0. */
  form?: number | undefined;
}

/** Returns the changed copy of `value`, which is at `at`; `undefined` when it is to be removed. */
function change(value: Json, at: string, odd: OddMember): Json | undefined {
  const { path, oddity } = odd;
  if (at === path && at !== "") return oddValue(value, odd);
  if (!path.startsWith(at)) return value;
  if (Array.isArray(value)) {
    return childrenOf(value, at).flatMap(([itemPath, item]) => {
      const changed = change(item, itemPath, odd);
      return changed === undefined ? [] : [changed];
    });
  }
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).flatMap(([name, member]): [string, Json][] => {
    const changed = change(member, memberPath(at, name), odd);
    return changed === undefined ? [] : [[name, changed]];
  });
  const name = memberName(path, at);
  if (name !== undefined && !Object.hasOwn(value, name) && oddity !== "absent" && oddity !== "extra") {
    entries.push([name, formOf(oddity, odd.form)]);
  }
  return Object.fromEntries(entries);
}

/** Returns the name of the member at `path` when the object at `at` is what holds it. */
function memberName(path: string, at: string): string | undefined {
  const name = at === "" ? path : path.startsWith(`${at}.`) ? path.slice(at.length + 1) : "";
  return name === "" || /[.[]/.test(name) ? undefined : name;
}

function formOf(oddity: keyof typeof FORMS, form = 0): Json {
  const forms = FORMS[oddity];
  return forms[form % forms.length] ?? null;
}

function oddValue(value: Json, { oddity, form }: OddMember): Json | undefined {
  if (oddity === "absent") return undefined;
  if (oddity !== "extra") return formOf(oddity, form);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return { ...value, never_seen_before: { of: ["any", 1, null] } };
}

export interface DrawOptions {
  /** The member. Default: drawn among those of the answer. */
  path?: string | undefined;
  /** Default: drawn among those that change the member. */
  oddity?: Oddity | undefined;
  /** Default: drawn, or the first where path and oddity are given. */
  form?: number | undefined;
  /**
   * Names of members that are not drawn. What holds one of them is not changed either; as an object it may be given an
   * extra member, which takes nothing away. Default: none.
   */
  spare?: readonly string[] | undefined;
}

/** Returns a member of `value` and what to change it to; `undefined` when no member fits. `random` is in [0, 1). */
export function drawOddMember(
  value: Json,
  { path, oddity, form, spare = [] }: DrawOptions,
  random: () => number,
): OddMember | undefined {
  if (path !== undefined && oddity !== undefined) return { path, oddity, form: form ?? 0 };
  const members = path === undefined ? membersOf(value) : new Map([[path, membersOf(value).get(path) ?? null]]);
  const spared = sparedAmong(members, path === undefined ? spare : []);
  const choices = [...members].flatMap(([candidate, member]) => {
    const oddities = odditiesOf(member).filter(
      (one) => (oddity === undefined || one === oddity) && (one === "extra" || !spared.has(candidate)),
    );
    return oddities.length > 0 ? [{ path: candidate, oddities }] : [];
  });
  const choice = pick(choices, random);
  const drawn = choice && pick(choice.oddities, random);
  return choice && drawn && { path: choice.path, oddity: drawn, form: form ?? Math.floor(random() * MOST_FORMS) };
}

/** Returns the paths of the members with these names, and of what holds them. */
function sparedAmong(members: ReadonlyMap<string, Json>, names: readonly string[]): Set<string> {
  const spared = new Set<string>();
  for (const path of members.keys()) {
    const [name = ""] = path.slice(path.lastIndexOf(".") + 1).split("[");
    if (!names.includes(name)) continue;
    for (let at = path; at !== ""; at = holderOf(at)) spared.add(at);
  }
  return spared;
}

/** Returns the path of what holds the member at `path`; empty for a member of the whole. */
function holderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(path.endsWith("]") ? "[" : ".")));
}

function pick<T>(choices: readonly T[], random: () => number): T | undefined {
  return choices[Math.floor(random() * choices.length)];
}
