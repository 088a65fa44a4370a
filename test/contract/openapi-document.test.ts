/** Whether the published document is still the one this version was made for (`protocols/README.md` says what to do). */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OPENAPI_PATH, OpenApi, openApiPresent } from "../support/in-process/openapi.ts";

const SHA256 = "36126592b4fd41ca6243f38939dcff49edd43b1573c0cbc4781ec660f0eb82b2";

test.skipIf(!openApiPresent)(
  `the published document is the one this version was made for${openApiPresent ? "" : ` (skipped: no ${OPENAPI_PATH})`}`,
  () => {
    expect(createHash("sha256").update(readFileSync(OPENAPI_PATH)).digest("hex")).toBe(SHA256);
    expect(Object.keys(new OpenApi().paths)).toHaveLength(67);
  },
);
