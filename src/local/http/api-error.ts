/**
 * Refusals, in the shape the sibling documents publish: `{"error": code, "message": text}`, never enveloped.
 * The run create call's "not yet" is told apart by its words alone, so they are kept in one place.
 */
import { jsonReply, type LocalReply } from "./exchange.ts";

export class ApiError extends Error {
  override readonly name = "Problem";
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
export const starting = () => badRequest("Deployment is still starting. Try again in a few seconds");

/** What an object store answers: XML, as behind the presigned URLs of the real service. */
export function storeProblem(status: number, code: string, message: string): LocalReply {
  return {
    status,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  };
}

/** What a proxy in front of the service answers when the service does not. */
export function edgeHtml(status: number): string {
  return `<html><head><title>${status} Error</title></head><body><center><h1>${status} Error</h1></center><hr><center>edge</center></body></html>`;
}
