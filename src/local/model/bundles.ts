/** Deployment bundles: registered by digest, uploaded to a presigned URL on this service's own origin, completed. */
import { createHash } from "node:crypto";
import type * as z from "zod";
import type { Ambient } from "../../support/ambient.ts";
import { badRequest, notFound, storeProblem } from "../http/api-error.ts";
import { headerOf, type LocalReply, type LocalRequest } from "../http/exchange.ts";
import { UPLOAD_PREFIX } from "../handlers/routes.ts";
import type { CloudStore, StoredBundle } from "./cloud-store.ts";
import { ORGANIZATION_ID, USER_ID } from "./deployments.ts";
import type { BundleBodySchema } from "../handlers/body-schemas.ts";

const UPLOAD_VALID_MS = 15 * 60 * 1000;
const SHA256_HEADER = "x-local-content-sha256";

interface Bundle {
  readonly id: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
  updatedAt: number;
  signature: string;
  expiresAt: number;
  /** Bytes have arrived at the store. */
  stored: boolean;
  /** The upload was completed, so the bundle can be deployed. */
  uploadedAt?: number;
}

export class Bundles {
  readonly #byId = new Map<string, Bundle>();
  readonly #bySha256 = new Map<string, Bundle>();
  readonly #ambient: Ambient;
  readonly #store: CloudStore | undefined;

  constructor(ambient: Ambient, store?: CloudStore) {
    this.#ambient = ambient;
    this.#store = store;
  }

  /** Puts back a bundle whose upload an earlier process has completed. */
  restore(kept: StoredBundle): void {
    const bundle = { ...kept, updatedAt: kept.uploadedAt, signature: "", expiresAt: 0, stored: true };
    this.#byId.set(bundle.id, bundle);
    this.#bySha256.set(bundle.sha256, bundle);
  }

  /** `origin` is the one the request came to. */
  register(body: z.output<typeof BundleBodySchema>, origin: string): object {
    if (!/^[0-9a-f]{64}$/.test(body.sha256)) throw badRequest("sha256: expected 64 lowercase hex digits");
    if (body.size_bytes < 1) throw badRequest("size_bytes: must be positive");
    const now = this.#ambient.now();
    let bundle = this.#bySha256.get(body.sha256);
    if (bundle === undefined) {
      const { sha256, size_bytes: sizeBytes } = body;
      const id = this.#ambient.uuid();
      bundle = { id, sha256, sizeBytes, createdAt: now, updatedAt: now, signature: "", expiresAt: 0, stored: false };
      this.#byId.set(bundle.id, bundle);
      this.#bySha256.set(bundle.sha256, bundle);
    }
    if (bundle.sizeBytes !== body.size_bytes) throw badRequest("size_bytes differs from the bundle already registered");
    const known = {
      deployment_bundle_id: bundle.id,
      sha256: bundle.sha256,
      size_bytes: bundle.sizeBytes,
      source_kind: body.source_kind,
    };
    if (bundle.uploadedAt !== undefined) return { ...known, upload_required: false };
    bundle.signature = this.#ambient.uuid().replaceAll("-", "");
    bundle.expiresAt = now + UPLOAD_VALID_MS;
    return {
      ...known,
      upload_required: true,
      upload_url: `${origin}${UPLOAD_PREFIX}${bundle.id}?X-Amz-Expires=900&X-Amz-Signature=${bundle.signature}`,
      // `host` is part of what is signed, and must not be copied by hand: clients set it themselves.
      upload_headers: {
        host: new URL(origin).host,
        "content-type": "application/gzip",
        [SHA256_HEADER]: bundle.sha256,
      },
      upload_expires_at: new Date(bundle.expiresAt).toISOString(),
    };
  }

  /** The object store's side of the upload. `query` is the URL's. */
  upload(id: string, query: string, request: LocalRequest): LocalReply {
    const bundle = this.#byId.get(id);
    const given = new URLSearchParams(query).get("X-Amz-Signature");
    if (headerOf(request.headers, "authorization") !== undefined) {
      return storeProblem(400, "InvalidArgument", "Only one auth mechanism allowed");
    }
    if (bundle === undefined || given !== bundle.signature) {
      return storeProblem(403, "SignatureDoesNotMatch", "The signature does not match");
    }
    if (this.#ambient.now() >= bundle.expiresAt) return storeProblem(403, "AccessDenied", "Request has expired");
    if (headerOf(request.headers, "transfer-encoding") !== undefined) {
      return storeProblem(501, "NotImplemented", "Transfer-Encoding is not implemented; send a Content-Length");
    }
    if (
      headerOf(request.headers, SHA256_HEADER) !== bundle.sha256 ||
      headerOf(request.headers, "content-type") !== "application/gzip"
    ) {
      return storeProblem(403, "SignatureDoesNotMatch", "A signed header is missing or differs");
    }
    const bytes = typeof request.body === "string" ? Buffer.from(request.body) : (request.body ?? new Uint8Array());
    if (bytes.length !== bundle.sizeBytes)
      return storeProblem(400, "IncompleteBody", "The size differs from the announced one");
    if (createHash("sha256").update(bytes).digest("hex") !== bundle.sha256) {
      return storeProblem(400, "BadDigest", "The content does not match its digest");
    }
    bundle.stored = true;
    bundle.updatedAt = this.#ambient.now();
    return { status: 200, headers: { etag: `"${bundle.sha256.slice(0, 32)}"` }, body: "" };
  }

  complete(id: string): object {
    const bundle = this.#need(id);
    if (!bundle.stored) throw badRequest("Nothing has been uploaded for this bundle");
    bundle.uploadedAt ??= this.#ambient.now();
    this.#store?.bundle({ ...bundle, uploadedAt: bundle.uploadedAt });
    return show(bundle);
  }

  /** `deploymentIds` are the deployments made from the bundle. */
  detail(id: string, deploymentIds: readonly string[]): object {
    return { bundle: show(this.#need(id)), deployment_ids: deploymentIds };
  }

  /** Whether a deployment can be made from it. */
  isReady(id: string): boolean {
    return this.#byId.get(id.toLowerCase())?.uploadedAt !== undefined;
  }

  #need(id: string): Bundle {
    const bundle = this.#byId.get(id);
    if (bundle === undefined) throw notFound("Deployment bundle");
    return bundle;
  }
}

function show(bundle: Bundle): object {
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
