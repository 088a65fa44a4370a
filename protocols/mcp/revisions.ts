/**
 * The revisions of the Model Context Protocol that are spoken, and the names of their envelope. Without schemas, because the
 * first reply is sent before any is loaded. Source: the specification of each revision, modelcontextprotocol.io.
 */

/** Revisions that begin with `initialize`, newest first. */
export const HANDSHAKE_REVISIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;
export type HandshakeRevision = (typeof HANDSHAKE_REVISIONS)[number];
export const NEWEST_HANDSHAKE: HandshakeRevision = HANDSHAKE_REVISIONS[0];

/** Revisions in which each request stands for itself. */
export const STATELESS_REVISIONS = ["2026-07-28"] as const;

/** Members of `_meta` that begin with this belong to the protocol. */
export const META_PREFIX = "io.modelcontextprotocol/";
export const PROTOCOL_VERSION_META = `${META_PREFIX}protocolVersion`;
export const CLIENT_INFO_META = `${META_PREFIX}clientInfo`;
export const CLIENT_CAPABILITIES_META = `${META_PREFIX}clientCapabilities`;
export const SERVER_INFO_META = `${META_PREFIX}serverInfo`;
/** The task that a message belongs to, in revision 2025-11-25. */
export const RELATED_TASK_META = `${META_PREFIX}related-task`;

/** The extension of 2026-07-28 that has tasks; client and server name it in their capabilities. */
export const TASKS_EXTENSION = `${META_PREFIX}tasks`;

/** Error codes of 2026-07-28, of the range that it reserves. */
export const MISSING_CAPABILITY = -32021;
export const UNSUPPORTED_REVISION = -32022;
