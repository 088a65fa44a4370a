/** Installing the extension in Roder: a door of its own, because the extension itself loads nothing of it. */
export { roderInstaller } from "./roder-installer.ts";
