/** The capabilities of this plugin. */
import { type Capabilities, DEPLOYMENT_PROTOCOL_VERSION } from "#protocols/dispatch-deployment";

/** The host compares it literally before it attaches extensions and channels. */
export const PLUGIN_ID = "seren-cloud";

export const CAPABILITIES: Capabilities = {
  deployment_plugin_id: PLUGIN_ID,
  protocol_version: DEPLOYMENT_PROTOCOL_VERSION,
  supports_test_run: false,
  supports_revisions: false,
  supports_rollback: false,
  supports_scheduled: true,
  runtime_targets: [
    {
      kind: "native",
      target_triple: "aarch64-unknown-linux-gnu",
      os: "linux",
      arch: "arm64",
      libc: "glibc",
      preferred: true,
    },
  ],
  extensions: {
    publisher: "seren-cloud",
    spec_forms: ["workload", "code.bundle_path", "code.parcel_dir", "code.cached_bundle"],
  },
};
