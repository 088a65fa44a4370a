/** Members that the published document gives an answer and the embedded service leaves out. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../src/local/index.ts";
import type { PublishedMembers } from "./trials.ts";

const DOCUMENT = join(process.cwd(), "..", "shared", "reference", "openapi", "seren-cloud.json");

/** Where an operation stands in the document: method, path and the status of its success. */
const PLACES: Readonly<Record<string, readonly [method: string, path: string, status: string]>> = {
  deploy: ["post", "/deploy", "202"],
  deployments: ["get", "/deployments", "200"],
  deployment: ["get", "/deployments/{id}", "200"],
  delete: ["delete", "/deployments/{id}", "200"],
  start: ["post", "/deployments/{id}/start", "200"],
  register_bundle: ["post", "/deployment-bundles", "200"],
  complete_bundle: ["post", "/deployment-bundles/{id}/complete", "200"],
  create_run: ["post", "/deployments/{id}/runs", "202"],
  runs: ["get", "/runs", "200"],
  record: ["get", "/runs/{run_id}", "200"],
  state: ["get", "/runs/{run_id}/state", "200"],
  events: ["get", "/runs/{run_id}/events", "200"],
  artifacts: ["get", "/runs/{run_id}/artifacts", "200"],
  approvals: ["get", "/runs/{run_id}/pending_approvals", "200"],
  pending: ["get", "/pending_approvals", "200"],
  cancel: ["post", "/runs/{run_id}/cancel", "200"],
  resume: ["post", "/runs/{run_id}/resume", "200"],
  inbox: ["get", "/inbox/approvals", "200"],
};

const EXAMPLES: Readonly<Record<string, Json>> = {
  string: "text",
  integer: 1,
  number: 1.5,
  boolean: false,
  array: [],
  object: {},
};

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

/** None where the document is not at hand. */
export function publishedMembers(): PublishedMembers {
  if (!existsSync(DOCUMENT)) return () => new Map();
  const document = JSON.parse(readFileSync(DOCUMENT, "utf8")) as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content: Record<string, { schema: Schema }> }> }>
    >;
    components: { schemas: Record<string, Schema> };
  };
  const resolve = (schema: Schema): Schema =>
    schema.$ref ? resolve(document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}) : schema;
  const collect = (given: Schema, path: string, depth: number, found: Map<string, Json>): void => {
    const schema = resolve(given);
    for (const part of [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])])
      collect(part, path, depth, found);
    if (depth > 6) return;
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      const at = path === "" ? name : `${path}.${name}`;
      const kinds = [resolve(member).type].flat().filter((kind) => kind !== undefined && kind !== "null");
      found.set(at, EXAMPLES[kinds[0] ?? "string"] ?? "text");
      collect(member, at, depth + 1, found);
    }
    if (schema.items) collect(schema.items, `${path}[]`, depth + 1, found);
  };
  return (operation, seen) => {
    const place = PLACES[operation];
    const found = new Map<string, Json>();
    if (!place) return found;
    const [method, path, status] = place;
    const schema = document.paths[path]?.[method]?.responses[status]?.content["application/json"]?.schema;
    if (schema) collect(schema, "", 0, found);
    // A member is put into an object that is there: what lies deeper is not reached.
    return new Map([...found].filter(([at]) => !seen.has(at) && (parentOf(at) === "" || seen.has(parentOf(at)))));
  };
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}
