/** The keys of the schema as a list. */
import * as z from "zod";
import { type About, SettingsSchema } from "./schema.ts";

export interface SettingKey extends About {
  /** The tables and the name, e.g. `["proxy", "https"]`. */
  path: readonly string[];
  /** The same as it is written for people: `proxy.https`. */
  key: string;
}

/** In the order of the schema: the keys of the file itself before those of its tables. */
export const SETTING_KEYS: readonly SettingKey[] = keysOf(SettingsSchema, []);

function keysOf(table: z.ZodObject, tables: readonly string[]): SettingKey[] {
  const found = Object.entries(table.shape).map(([name, field]) => {
    const type = field instanceof z.ZodOptional ? field.unwrap() : field;
    const path = [...tables, name];
    if (type instanceof z.ZodObject && type.meta() === undefined) return { isTable: true, keys: keysOf(type, path) };
    return { isTable: false, keys: [{ ...aboutOf(type as z.ZodType), path, key: path.join(".") }] };
  });
  return [false, true].flatMap((isTable) => found.filter((one) => one.isTable === isTable).flatMap(({ keys }) => keys));
}

function aboutOf(type: z.ZodType): About {
  return type.meta() as unknown as About;
}
