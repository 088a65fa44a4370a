/** The Agent Client Protocol as this program speaks it. A new version is a new folder and this line. */
export * from "./v1/index.ts";
