/** Installing the courier in Dispatch: a door of its own, because the courier itself loads nothing of it. */
export { dispatchInstaller } from "./dispatch-installer.ts";
