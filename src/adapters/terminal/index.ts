/** The terminal command, for people and for scripts. */
export type { BatchFolder, BatchFolders, BatchPlan } from "./batch/batch-folder.ts";
export { type BatchResult, BatchResultSchema } from "./batch/batch-result-schema.ts";
export { RunOutputLineSchema } from "./live/run-output-schema.ts";
export { runTerminal } from "./program.ts";
export { ringTerminal } from "./screen/ring.ts";
export { createScreen, type Screen, type Suspension } from "./screen/screen.ts";
export { createSpokenLog } from "./screen/spoken-log.ts";
export type {
  ApiKeys,
  Conversations,
  InFlightRun,
  KeySource,
  LocalOptions,
  LocalRequestLine,
  LocalServer,
  Paths,
  Probe,
  Remote,
  SchemaName,
  SerenSignIn,
  Services,
  SettingRow,
  SettingsReport,
} from "./services.ts";
