/** Error responses, without an envelope: `{"error": code, "message": text}` (docs/reference/seren-cloud-api.md, section 1.3). */
import { jsonReply, type LocalReply } from "./exchange.ts";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  toReply(): LocalReply {
    const reply = jsonReply(this.status, { error: this.code, message: this.message });
    Object.assign(reply.headers, this.headers);
    return reply;
  }
}

export const badRequest = (message: string) => new ApiError(400, "BadRequest", message);
export const unauthorized = () =>
  new ApiError(401, "Unauthorized", "A valid bearer token is required", { "www-authenticate": "Bearer" });
export const notFound = (what: string) => new ApiError(404, "NotFound", `${what} not found`);
export const conflict = (message: string) => new ApiError(409, "Conflict", message);
/** The status and the code are those of any bad request: clients recognise this refusal by its first words alone. */
export const starting = () => badRequest("Deployment is still starting. Try again in a few seconds");

/** An error of the object store behind presigned URLs, which answers in XML. */
export function objectStoreError(status: number, code: string, message: string): LocalReply {
  return {
    status,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  };
}

/** The page of a proxy in front of the service that gets no answer from it. */
export function edgeHtml(status: number): string {
  return `<html><head><title>${status} Error</title></head><body><center><h1>${status} Error</h1></center><hr><center>edge</center></body></html>`;
}
