/** The Dispatch deployment protocol as this program speaks it. A new version of the protocol is a new folder and this line. */
export * from "./v1/index.ts";
