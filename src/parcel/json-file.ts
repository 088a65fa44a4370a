/** JSON files of a parcel: bounded, strict UTF-8, checked against a schema before anything reads a member. */
import { ExecutionFailure } from "../support/failure.ts";
import { JITLESS } from "../support/zod.ts";
import { printable } from "./printable.ts";
import { readWhole } from "./regular-file.ts";

/** The part of a zod schema that this room uses. */
export interface Schema<T> {
  safeParse(
    value: unknown,
    context: typeof JITLESS,
  ): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } };
}
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Throws `invalid_input` for bytes that are not UTF-8. A byte order mark is kept, as by the host. */
export function decodeUtf8(bytes: Uint8Array, shown: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ExecutionFailure("invalid_input", `${shown} is not valid UTF-8 text`, { cause });
  }
}

export async function readJson(path: string, shown: string, maxBytes: number): Promise<unknown> {
  const text = decodeUtf8(await readWhole(path, shown, maxBytes), shown);
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new ExecutionFailure("invalid_input", `${shown} is not valid JSON; it may have been cut off or edited`, {
      cause,
    });
  }
}

/** Returns `value` as the schema types it. Throws `invalid_input` naming the first member that does not fit. */
export function checked<T>(schema: Schema<T>, value: unknown, shown: string): T {
  const parsed = schema.safeParse(value, JITLESS);
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    const where = first && first.path.length > 0 ? `${first.path.map(String).join(".")}: ` : "";
    throw new ExecutionFailure(
      "invalid_input",
      printable(`${shown} does not have the form of a Dispatch parcel: ${where}${first?.message ?? "unknown problem"}`),
    );
  }
  if (!isWellFormed(parsed.data)) {
    throw new ExecutionFailure("invalid_input", `${shown} contains half of a Unicode character (a lone surrogate)`);
  }
  return parsed.data;
}

/** Lone surrogates pass `JSON.parse`, but the host cannot have written them and neither host nor service can read them. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member));
}
