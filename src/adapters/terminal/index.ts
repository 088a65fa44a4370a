/** The terminal command, for people and for scripts. */
export { runTerminal } from "./program.ts";
export { createScreen, type Input, type Output, type Screen } from "./screen/screen.ts";
export type {
  ApiKeys,
  Context,
  InFlightRun,
  KeySource,
  LocalOptions,
  LocalRequestLine,
  LocalServer,
  Paths,
  Probe,
  Remote,
  Services,
} from "./services.ts";
