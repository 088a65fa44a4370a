/** What Roder 0.4 sends with `extension/initialize`. */
export const INITIALIZE = {
  protocolVersion: "0.2.0",
  apiVersion: "0.1.0",
  extensionId: "roder-ext-seren-cloud",
  cwd: ".",
  grantedCapabilities: [],
  config: {},
  eventFilter: { kinds: [] },
};
