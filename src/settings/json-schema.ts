/** The JSON Schema of the configuration file, for editors and other programs. */
import * as z from "zod";
import { SettingsSchema } from "./schema.ts";

export function settingsJsonSchema(): object {
  const ofOurs = ["variable", "secret"];
  return {
    title: "Configuration file of seren-bridge",
    ...z.toJSONSchema(SettingsSchema, {
      io: "input",
      override({ jsonSchema }) {
        for (const name of ofOurs) delete jsonSchema[name];
      },
    }),
  };
}
