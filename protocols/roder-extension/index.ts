/** The Roder process-extension protocol as this program speaks it. A new version is a new folder and this line. */
export * from "./v0.2/index.ts";
