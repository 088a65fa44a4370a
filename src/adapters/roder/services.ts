/** Which services this extension has, by the manifest, and whether it still takes on work. */
import type { ProvidedService } from "#protocols/roder-extension";
import { ExecutionFailure } from "../../support/failure.ts";
import { type ManifestOnDisk, serviceIds } from "./manifest/manifest.ts";

export interface ServiceCheck {
  /** Throws unless the manifest declares this service. */
  (type: ProvidedService["type"], id: string): void;
  /** Throws once the extension is closing. */
  open(): void;
  /** From now on no new work is taken on. */
  close(): void;
}

export function createServiceCheck(manifest: ManifestOnDisk | ExecutionFailure): ServiceCheck {
  let closing = false;
  const check = (type: ProvidedService["type"], id: string) => {
    if (manifest instanceof ExecutionFailure) throw manifest;
    const known = serviceIds(manifest, type);
    if (known.includes(id)) return;
    const asked = JSON.stringify(id.slice(0, 80));
    throw new ExecutionFailure(
      "invalid_input",
      `there is no ${type} ${asked} here; this extension provides ${known.join(", ") || "none"}`,
    );
  };
  return Object.assign(check, {
    open() {
      if (closing) throw new ExecutionFailure("unavailable", "seren-bridge is closing and takes on nothing new");
    },
    close() {
      closing = true;
    },
  });
}
