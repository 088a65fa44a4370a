/** What Roder 0.4 sends with `extension/initialize`. */
import { PROTOCOL_VERSION } from "#protocols/roder-extension";

export const INITIALIZE = {
  protocolVersion: PROTOCOL_VERSION,
  apiVersion: "0.1.0",
  extensionId: "roder-ext-seren-cloud",
  cwd: ".",
  grantedCapabilities: [],
  config: {},
  eventFilter: { kinds: [] },
};
