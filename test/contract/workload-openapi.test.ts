/**
 * Composed workloads against the published OpenAPI document, where it lies next to this checkout. Without it, the same
 * workloads are still checked against our own schemas in `test/unit/parcel/workload.test.ts`.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { deploymentName, openParcel, parcelWorkload, workloadOptionsKey } from "../../src/parcel/index.ts";
import { Secret } from "../../src/support/secret.ts";
import { parcelDir, RUNNABLE } from "../unit/parcel/parcels.ts";

const DOCUMENT = fileURLToPath(new URL("../../../shared/reference/openapi/seren-cloud.json", import.meta.url));
const present = existsSync(DOCUMENT);

function validator() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: "seren-cloud", ...JSON.parse(readFileSync(DOCUMENT, "utf8")) });
  return ajv.compile({ $ref: "seren-cloud#/components/schemas/CreateCloudDeploymentRequest" });
}

const secret = (name: string) => `value of ${name}`;

async function workloadOf(name: string) {
  const { parcel, files } = await openParcel(parcelDir(name));
  const key = workloadOptionsKey(parcel, secret, new Secret("seren_test_key"));
  const { create } = await parcelWorkload(parcel, files, { name: deploymentName(parcel, key), secret });
  return create;
}

describe.skipIf(!present)(
  `composed workloads fit the published document${present ? "" : ` (skipped: no ${DOCUMENT})`}`,
  () => {
    test.each(RUNNABLE)("%s", async (name) => {
      const validate = validator();
      const valid = validate(JSON.parse(JSON.stringify(await workloadOf(name))));
      expect(validate.errors ?? []).toEqual([]);
      expect(valid).toBe(true);
    });

    test("the document refuses unknown members", async () => {
      const validate = validator();
      const create = await workloadOf("job");
      expect(validate({ ...create, surprise: 1 })).toBe(false);
      expect(validate({ ...create, workload: { ...create.workload, surprise: 1 } })).toBe(false);
      expect(validate({ ...create, workload: { ...create.workload, limits: null } })).toBe(false);
      expect(validate({ ...create, workload: { ...create.workload, limits: { max_iterations: 1.5 } } })).toBe(false);
      expect(
        validate({
          ...create,
          workload: {
            ...create.workload,
            execution: { type: "llm", bundle: { instructions: [{ kind: "x", content: "" }] } },
          },
        }),
      ).toBe(false);
    });
  },
);
