/** Which parcels this courier runs: those of the generic custom family, without network rules. */
import { ExecutionFailure } from "../support/failure.ts";
import type { Parcel } from "./load.ts";
import { listed, quoted } from "./printable.ts";

/**
 * Checks both the kind and the reference: the host derives the kind case-sensitively, so `Dispatch/Native:latest`
 * arrives as kind `custom`. The pattern has no `u` flag, so that `i` ignores the case of ASCII letters only.
 */
const CUSTOM_FAMILY = /^(?:custom$|dispatch\/custom$|dispatch\/custom[:@])/i;

/** Throws `unsupported` for a parcel of another family or with network rules, with the line to change. */
export function requireCompatible({ manifest }: Parcel): void {
  const { kind, reference } = manifest.courier;
  if (kind !== "custom" || !CUSTOM_FAMILY.test(reference)) {
    throw new ExecutionFailure(
      "unsupported",
      `this parcel is built for the courier ${quoted(reference)}; seren-cloud runs parcels of the generic custom family. To run it here, put \`FROM dispatch/custom:latest\` into its Agentfile and build it again`,
    );
  }
  if (manifest.network.length > 0) {
    const rules = manifest.network.map(({ action, target }) => `${action} ${target}`);
    throw new ExecutionFailure(
      "unsupported",
      `this parcel has network rules (${listed(rules)}), and Seren Cloud cannot enforce rules by host name. Remove the NETWORK lines from its Agentfile and build it again`,
    );
  }
}
