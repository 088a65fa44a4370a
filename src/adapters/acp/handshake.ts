/** The reply to `initialize`: a constant but for the login, given before the program is loaded. */
import { type InitializeResult, PROTOCOL_VERSION } from "#protocols/acp";
import { isObject } from "../../support/objects.ts";
import { LOGIN_METHOD } from "./login.ts";

type Params = Readonly<Record<string, unknown>>;

const MAX_VERSION = 65_535;

/** The first one is what clients call `authenticate` with, so it needs nothing but a key that is there. */
export const KEY_METHOD = {
  id: "seren-key",
  name: "Key on this machine",
  description: "Uses SEREN_API_KEY, or the key that `seren-bridge login` has stored.",
};

/** Another version than ours is never refused: the client decides whether it speaks the one that is named. */
export function initializeResult(version: string, { hasTerminal }: { hasTerminal: boolean }): InitializeResult {
  return {
    protocolVersion: PROTOCOL_VERSION,
    agentInfo: { name: "seren-bridge", title: "Seren Cloud", version },
    agentCapabilities: {
      loadSession: false,
      promptCapabilities: { image: false, audio: false, embeddedContext: true },
      mcpCapabilities: { http: false, sse: false },
      sessionCapabilities: { resume: {}, close: {} },
    },
    authMethods: hasTerminal ? [KEY_METHOD, { ...LOGIN_METHOD, args: [...LOGIN_METHOD.args] }] : [KEY_METHOD],
  };
}

/** Returns undefined for any other request, and for params that have to be judged by the schema. */
export function acpHandshake(version: string) {
  return (method: string, { protocolVersion, clientCapabilities }: Params): object | undefined => {
    const isPlain = Number.isInteger(protocolVersion) && Number(protocolVersion) >= 0;
    if (method !== "initialize" || !isPlain || Number(protocolVersion) > MAX_VERSION) return undefined;
    const auth = isObject(clientCapabilities) ? clientCapabilities.auth : undefined;
    return initializeResult(version, { hasTerminal: isObject(auth) && auth.terminal === true });
  };
}
