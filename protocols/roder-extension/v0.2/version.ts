/** The version, without the schemas: the first reply, which repeats it, is sent before those are loaded. */

/** Compared by the host as a string; there is no tolerance of any kind. */
export const PROTOCOL_VERSION = "0.2.0";
