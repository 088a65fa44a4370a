/** Which services the manifest declares, and whether the extension still accepts work. */
import type { ProvidedService } from "#protocols/roder-extension";
import { quotedWord } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { type ManifestOnDisk, serviceIds } from "./manifest.ts";

export class ServiceCheck {
  readonly #manifest: ManifestOnDisk | ExecutionFailure;
  #isClosing = false;

  constructor(manifest: ManifestOnDisk | ExecutionFailure) {
    this.#manifest = manifest;
  }

  /** Throws `invalid_input` unless the manifest declares this service. */
  requireService(type: ProvidedService["type"], id: string): void {
    if (this.#manifest instanceof ExecutionFailure) throw this.#manifest;
    const declared = serviceIds(this.#manifest, type);
    if (declared.includes(id)) return;
    const asked = quotedWord(id);
    throw new ExecutionFailure(
      "invalid_input",
      `there is no ${type} ${asked} here; this extension provides ${declared.join(", ") || "none"}`,
    );
  }

  /** Throws `unavailable` once the extension is closing. */
  requireOpen(): void {
    if (this.#isClosing) throw new ExecutionFailure("unavailable", "seren-bridge is closing and accepts no new work");
  }

  /** From now on `requireOpen` throws. */
  close(): void {
    this.#isClosing = true;
  }
}
