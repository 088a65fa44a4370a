/** What the installers of all hosts share: their interface, changes to a user's file, and the findings of checks. */
export { carriedVariables } from "./carried.ts";
export { type Client, clientInstaller } from "./clients/client-installer.ts";
export type { Command } from "./clients/command.ts";
export { bySystem, inFolderOf, inHome, inRoaming, inXdgConfig, zedSettings } from "./clients/place.ts";
export {
  applyChange,
  applyWithoutBackup,
  backUp,
  changesNothing,
  differenceOf,
  type FileChange,
  readUserFile,
  type UserFile,
  untouched,
  type WriteFile,
} from "./file-change.ts";
export { findProgram, isProgram } from "./find-program.ts";
export { type Finding, type FindingState, ok, problem, skipped, warning } from "./finding.ts";
export type { HostInstaller, HostPackages, InstallContext, OwnCommand, PackagePlan } from "./host-installer.ts";
export { findArray, putElement, removeElement } from "./json-array.ts";
export { hasBlock, withBlock, withoutBlock } from "./marked-block.ts";
