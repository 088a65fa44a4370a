/** The published OpenAPI document, if it is present beside this checkout. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export const OPENAPI_PATH = fileURLToPath(
  new URL("../../../../shared/reference/openapi/seren-cloud.json", import.meta.url),
);
export const openApiPresent = existsSync(OPENAPI_PATH);

interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

export class OpenApi {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor() {
    addFormats.default(this.#ajv);
    const document = JSON.parse(readFileSync(OPENAPI_PATH, "utf8"));
    this.paths = document.paths;
    this.#ajv.addSchema({ $id: "seren-cloud", ...document });
  }

  /** Returns the path template of the document that matches `path` (without prefix and query). */
  templateOf(path: string): string | undefined {
    const given = path.split("/");
    const fits = Object.keys(this.paths).filter((template) => {
      const parts = template.split("/");
      return (
        parts.length === given.length && parts.every((part, index) => part.startsWith("{") || part === given[index])
      );
    });
    return fits.sort((a, b) => a.split("{").length - b.split("{").length)[0];
  }

  operation(method: string, template: string): Operation | undefined {
    return this.paths[template]?.[method.toLowerCase()];
  }

  /** Returns the validator of a named schema. */
  schema(name: string): ValidateFunction {
    return this.at(`/components/schemas/${name}`);
  }

  /** Returns the validator of an operation's JSON response; undefined if the document has no schema for it. */
  response(method: string, template: string, status: number): ValidateFunction | undefined {
    const content = this.operation(method, template)?.responses[String(status)]?.content?.["application/json"];
    if (content?.schema === undefined) return undefined;
    return this.at(
      `/paths/${pointer(template)}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`,
    );
  }

  /** Returns the validator of an operation's JSON body. */
  body(method: string, template: string): ValidateFunction {
    return this.at(`/paths/${pointer(template)}/${method.toLowerCase()}/requestBody/content/application~1json/schema`);
  }

  at(path: string): ValidateFunction {
    let validate = this.#compiled.get(path);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `seren-cloud#${path}` });
      this.#compiled.set(path, validate);
    }
    return validate;
  }
}

const pointer = (template: string) => encodeURIComponent(template.replaceAll("~", "~0").replaceAll("/", "~1"));
