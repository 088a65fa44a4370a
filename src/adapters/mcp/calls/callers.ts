/**
 * Who sends a request: a client that has shaken hands, or one whose request stands for itself. Both may speak in one process.
 * What a client says of itself is not verified: it decides what is shown to it, never what it may do.
 */
import {
  CLIENT_CAPABILITIES_META,
  CLIENT_INFO_META,
  EnvelopeSchema,
  type HandshakeRevision,
  InitializeParamsSchema,
  PROTOCOL_VERSION_META,
  STATELESS_REVISIONS,
  TASKS_EXTENSION,
  UNSUPPORTED_REVISION,
} from "#protocols/mcp";
import { clipCharacters } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { isObject } from "../../../support/objects.ts";
import { describeIssues, JITLESS } from "../../../support/zod.ts";
import { negotiatedRevision } from "../handshake.ts";
import { ProtocolError } from "../protocol-error.ts";

export type Caller =
  | { era: "handshake"; revision: HandshakeRevision; canAsk: boolean }
  | { era: "stateless"; canAsk: boolean; hasTasks: boolean };

const ENVELOPE = [PROTOCOL_VERSION_META, CLIENT_CAPABILITIES_META, CLIENT_INFO_META];

export class Callers {
  #handshake: { revision: HandshakeRevision; elicitation: boolean } | undefined;
  /** Nothing may be asked of a client before it has said so. */
  #isReady = false;

  /** Returns the revision that is spoken from now on. Throws `invalid_input` for params that are none. */
  initialize(params: unknown): HandshakeRevision {
    const parsed = InitializeParamsSchema.safeParse(params ?? {}, JITLESS);
    if (!parsed.success) throw new ExecutionFailure("invalid_input", describeIssues(parsed.error));
    const { protocolVersion, capabilities } = parsed.data;
    const revision = negotiatedRevision(protocolVersion);
    this.#handshake = { revision, elicitation: hasForms(capabilities) };
    return revision;
  }

  ready(): void {
    this.#isReady = true;
  }

  /** Throws `invalid_input` for a request that is of neither era, and a `ProtocolError` for a revision that is not spoken. */
  of(params: unknown): Caller {
    const envelope = envelopeOf(params);
    if (envelope) return readEnvelope(envelope);
    if (!this.#handshake) {
      throw new ExecutionFailure(
        "invalid_input",
        `send initialize first, or ${PROTOCOL_VERSION_META} and ${CLIENT_CAPABILITIES_META} in the _meta of each request`,
      );
    }
    const { revision, elicitation } = this.#handshake;
    return { era: "handshake", revision, canAsk: elicitation && this.#isReady && revision >= "2025-06-18" };
  }
}

/** Whether what came with the handshake revision `since` may be sent to the caller. */
export function knows(caller: Caller, since: HandshakeRevision): boolean {
  return caller.era === "stateless" || caller.revision >= since;
}

/** Returns `_meta` of a request that stands for itself. */
export function envelopeOf(params: unknown): Record<string, unknown> | undefined {
  const meta = isObject(params) && isObject(params._meta) ? params._meta : undefined;
  return meta && ENVELOPE.some((name) => name in meta) ? meta : undefined;
}

function readEnvelope(meta: Record<string, unknown>): Caller {
  const parsed = EnvelopeSchema.safeParse(meta, JITLESS);
  if (!parsed.success) throw new ExecutionFailure("invalid_input", `_meta: ${describeIssues(parsed.error)}`);
  const revision = parsed.data[PROTOCOL_VERSION_META];
  if (!STATELESS_REVISIONS.some((known) => known === revision)) throw unsupported(clipCharacters(revision, 80, "…"));
  const { elicitation, extensions } = parsed.data[CLIENT_CAPABILITIES_META];
  const hasTasks = isObject(extensions) && isObject(extensions[TASKS_EXTENSION]);
  return { era: "stateless", canAsk: hasForms({ elicitation }), hasTasks };
}

function unsupported(requested: string): ProtocolError {
  return new ProtocolError("unsupported", `protocol revision ${JSON.stringify(requested)} is not spoken here`, {
    code: UNSUPPORTED_REVISION,
    data: { supported: STATELESS_REVISIONS, requested },
  });
}

/** An empty capability means forms, as before there was anything else. */
function hasForms(capabilities: unknown): boolean {
  const elicitation = isObject(capabilities) ? capabilities.elicitation : undefined;
  return isObject(elicitation) && (isObject(elicitation.form) || Object.keys(elicitation).length === 0);
}
