/** The configuration file. Loaded only when there is one, or when a command shows it: it needs a TOML parser and zod. */
export { exampleFile } from "./example.ts";
export { settingsJsonSchema } from "./json-schema.ts";
export { SETTING_KEYS } from "./keys.ts";
export type { NotifySettings } from "./notify-settings.ts";
export { type FileContent, readSettings } from "./settings-file.ts";
