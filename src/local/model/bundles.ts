/** Deployment bundles: registered by digest, uploaded to a presigned URL, completed. */
import type { Ambient } from "../../support/ambient.ts";
import type { CloudStore, StoredBundle } from "./cloud-store.ts";
import { ORGANIZATION_ID, USER_ID } from "./deployments.ts";

const UPLOAD_VALID_MS = 15 * 60 * 1000;

export interface Bundle {
  readonly id: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
  updatedAt: number;
  /** Signature of the newest upload URL, and when that expires. */
  signature: string;
  expiresAt: number;
  /** Whether the bytes have been uploaded. */
  stored: boolean;
  /** Set when the upload was completed: from then on the bundle can be deployed. */
  uploadedAt?: number;
}

export class Bundles {
  readonly #byId = new Map<string, Bundle>();
  readonly #bySha256 = new Map<string, Bundle>();
  readonly #ambient: Ambient;
  readonly #store: CloudStore | undefined;

  constructor(ambient: Ambient, store: CloudStore | undefined) {
    this.#ambient = ambient;
    this.#store = store;
  }

  /** Adds a bundle whose upload an earlier process has completed. */
  restore(stored: StoredBundle): void {
    this.#add({ ...stored, updatedAt: stored.uploadedAt, signature: "", expiresAt: 0, stored: true });
  }

  find(id: string): Bundle | undefined {
    return this.#byId.get(id);
  }

  /** Returns the bundle with this digest; adds one of this size when there is none. */
  register(sha256: string, sizeBytes: number): Bundle {
    const known = this.#bySha256.get(sha256);
    if (known !== undefined) return known;
    const now = this.#ambient.now();
    const id = this.#ambient.uuid();
    return this.#add({
      id,
      sha256,
      sizeBytes,
      createdAt: now,
      updatedAt: now,
      signature: "",
      expiresAt: 0,
      stored: false,
    });
  }

  /** Gives the bundle a new upload signature; an earlier one is no longer valid. */
  sign(bundle: Bundle): void {
    bundle.signature = this.#ambient.uuid().replaceAll("-", "");
    bundle.expiresAt = this.#ambient.now() + UPLOAD_VALID_MS;
  }

  isExpired(bundle: Bundle): boolean {
    return this.#ambient.now() >= bundle.expiresAt;
  }

  markStored(bundle: Bundle): void {
    bundle.stored = true;
    bundle.updatedAt = this.#ambient.now();
  }

  complete(bundle: Bundle): void {
    bundle.uploadedAt ??= this.#ambient.now();
    this.#store?.saveBundle({ ...bundle, uploadedAt: bundle.uploadedAt });
  }

  /** Returns the bundle with this id, if a deployment can be made from it. */
  ready(id: string): Bundle | undefined {
    const bundle = this.#byId.get(id.toLowerCase());
    return bundle?.uploadedAt === undefined ? undefined : bundle;
  }

  #add(bundle: Bundle): Bundle {
    this.#byId.set(bundle.id, bundle);
    this.#bySha256.set(bundle.sha256, bundle);
    return bundle;
  }
}

/** `CloudDeploymentBundle`, as the read endpoints show it. */
export function bundleView(bundle: Bundle): object {
  return {
    id: bundle.id,
    organization_id: ORGANIZATION_ID,
    user_id: USER_ID,
    sha256: bundle.sha256,
    size_bytes: bundle.sizeBytes,
    source_kind: "tar_gz",
    created_at: new Date(bundle.createdAt).toISOString(),
    updated_at: new Date(bundle.updatedAt).toISOString(),
    uploaded_at: bundle.uploadedAt === undefined ? null : new Date(bundle.uploadedAt).toISOString(),
  };
}
