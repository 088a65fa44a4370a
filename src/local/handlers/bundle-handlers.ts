/** Operations on deployment bundles, and the object store that their presigned upload URLs lead to. */
import { createHash } from "node:crypto";
import { badRequest, notFound, objectStoreError } from "../http/api-error.ts";
import { readBody } from "../http/body.ts";
import { type Content, dataReply, headerOf, type LocalReply } from "../http/exchange.ts";
import { type Bundle, bundleView } from "../model/bundles.ts";
import type { Deployment } from "../model/deployments.ts";
import { BundleBodySchema } from "./body-schemas.ts";
import { type Handler, pathValue, type RequestContext, type ServiceContext } from "./context.ts";

/** Where upload URLs lead: outside the publisher's paths, and without a bearer token. */
export const UPLOAD_PREFIX = "/local-uploads/";

/** What an S3 store takes in one PUT. */
const MAX_BUNDLE_BYTES = 5 * 1024 ** 3;
const SHA256_HEADER = "x-local-content-sha256";
const CONTENT_TYPE = "application/gzip";

export const registerBundle: Handler = ({ bundles }, request) => {
  const body = readBody(request, BundleBodySchema);
  if (!/^[0-9a-f]{64}$/.test(body.sha256)) throw badRequest("sha256: expected 64 lowercase hex digits");
  if (body.size_bytes < 1) throw badRequest("size_bytes: must be positive");
  if (body.size_bytes > MAX_BUNDLE_BYTES) throw badRequest("size_bytes: at most 5 GiB can be uploaded in one piece");
  const bundle = bundles.register(body.sha256, body.size_bytes);
  if (bundle.sizeBytes !== body.size_bytes) throw badRequest("size_bytes differs from the bundle already registered");
  const registered = {
    deployment_bundle_id: bundle.id,
    sha256: bundle.sha256,
    size_bytes: bundle.sizeBytes,
    source_kind: body.source_kind,
  };
  if (bundle.uploadedAt !== undefined) return dataReply(200, { ...registered, upload_required: false });
  bundles.sign(bundle);
  const url = `${request.origin}${UPLOAD_PREFIX}${bundle.id}`;
  return dataReply(200, {
    ...registered,
    upload_required: true,
    upload_url: `${url}?X-Amz-Expires=900&X-Amz-Signature=${bundle.signature}`,
    // `host` is among the signed headers, although clients set it themselves and must not copy it from here.
    upload_headers: {
      host: new URL(request.origin).host,
      "content-type": CONTENT_TYPE,
      [SHA256_HEADER]: bundle.sha256,
    },
    upload_expires_at: new Date(bundle.expiresAt).toISOString(),
  });
};

export const completeBundle: Handler = (service, request) => {
  const bundle = needBundle(service, pathValue(request, "id"));
  if (!bundle.stored) throw badRequest("Nothing has been uploaded for this bundle");
  service.bundles.complete(bundle);
  return dataReply(200, bundleView(bundle));
};

export const getBundle: Handler = (service, request) => {
  const bundle = needBundle(service, pathValue(request, "id"));
  const deployed = [...service.deployments.values()].filter((deployment) => isFrom(deployment, bundle));
  return dataReply(200, { bundle: bundleView(bundle), deployment_ids: deployed.map(({ id }) => id) });
};

export const uploadBundle: Handler = (service, request) => {
  const uploadId = pathValue(request, "upload_id");
  const refusal = uploadRefusal(service, { ...request, uploadId });
  if (refusal !== undefined) return refusal;
  const bundle = needBundle(service, uploadId);
  const problem = checkContent(bundle, request);
  if (problem !== undefined) return problem;
  service.bundles.markStored(bundle);
  return { status: 200, headers: { etag: `"${bundle.sha256.slice(0, 32)}"` }, body: "" };
};

/** Returns the refusal of an upload that its head alone shows. */
export function uploadRefusal(
  { bundles }: Pick<ServiceContext, "bundles">,
  { uploadId, search, headers }: Pick<RequestContext, "search" | "headers"> & { uploadId: string },
): LocalReply | undefined {
  const bundle = bundles.find(uploadId);
  const signature = new URLSearchParams(search).get("X-Amz-Signature");
  if (headerOf(headers, "authorization") !== undefined) {
    return objectStoreError(400, "InvalidArgument", "Only one auth mechanism allowed");
  }
  if (bundle === undefined || signature !== bundle.signature) {
    return objectStoreError(403, "SignatureDoesNotMatch", "The signature does not match");
  }
  if (bundles.isExpired(bundle)) return objectStoreError(403, "AccessDenied", "Request has expired");
  if (headerOf(headers, "transfer-encoding") !== undefined) {
    return objectStoreError(501, "NotImplemented", "Transfer-Encoding is not implemented; send a Content-Length");
  }
  if (headerOf(headers, SHA256_HEADER) !== bundle.sha256 || headerOf(headers, "content-type") !== CONTENT_TYPE) {
    return objectStoreError(403, "SignatureDoesNotMatch", "A signed header is missing or differs");
  }
  return undefined;
}

function checkContent(bundle: Bundle, request: RequestContext): LocalReply | undefined {
  const { sizeBytes, sha256 } = request.content ?? contentOf(request.body);
  if (sizeBytes !== bundle.sizeBytes) {
    return objectStoreError(400, "IncompleteBody", "The size differs from the announced one");
  }
  if (sha256 !== bundle.sha256) {
    return objectStoreError(400, "BadDigest", "The content does not match its digest");
  }
  return undefined;
}

function contentOf(body: RequestContext["body"]): Content {
  const bytes = typeof body === "string" ? Buffer.from(body) : (body ?? new Uint8Array());
  return { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function needBundle({ bundles }: ServiceContext, id: string): Bundle {
  const bundle = bundles.find(id);
  if (bundle === undefined) throw notFound("Deployment bundle");
  return bundle;
}

function isFrom({ body }: Deployment, bundle: Bundle): boolean {
  const { execution } = body.workload;
  return execution.type === "code" && execution.deployment_bundle_id.toLowerCase() === bundle.id;
}
