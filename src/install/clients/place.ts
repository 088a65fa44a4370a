/** Where programs keep their settings on each system. */
import { posix, win32 } from "node:path";

export interface Place {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly variable: (name: string) => string | undefined;
}

const joined = ({ platform }: Place, ...parts: string[]) => (platform === "win32" ? win32 : posix).join(...parts);

/** Returns a path below the home folder. */
export function inHome(...parts: string[]): (place: Place) => string {
  return (place) => joined(place, place.home, ...parts);
}

/** Returns a path below the folder that a variable names, or else below the one in the home folder. */
export function inFolderOf(name: string, standard: string, ...parts: string[]): (place: Place) => string {
  return (place) => joined(place, place.variable(name) ?? joined(place, place.home, standard), ...parts);
}

/** Of programs that look in the same places on every system but Windows. */
export const inXdgConfig = (...parts: string[]) => inFolderOf("XDG_CONFIG_HOME", ".config", ...parts);

/** Returns a path below the folder of the settings that wander with an account. Only on Windows. */
export function inRoaming(...parts: string[]): (place: Place) => string {
  return (place) =>
    joined(place, place.variable("APPDATA") ?? joined(place, place.home, "AppData", "Roaming"), ...parts);
}

/** Chooses by the system. `other` is every system that is not named. */
export function bySystem(
  systems: Partial<Record<NodeJS.Platform, (place: Place) => string>> & { other: (place: Place) => string },
): (place: Place) => string {
  return (place) => (systems[place.platform] ?? systems.other)(place);
}

/** Zed has one file for its servers and for its agents. */
export const zedSettings = bySystem({
  win32: inRoaming("Zed", "settings.json"),
  darwin: inHome(".config", "zed", "settings.json"),
  other: inXdgConfig("zed", "settings.json"),
});
