/** Node ignores a `NODE_EXTRA_CA_CERTS` that it cannot use; whoever then meets an unknown authority is told to set it. */
import { X509Certificate } from "node:crypto";
import { type Finding, ok, problem } from "../../../install/index.ts";
import { asFailure } from "../../../support/failure.ts";
import { readPlainFile } from "../../../support/plain-file.ts";
import type { Services } from "../services.ts";

const VARIABLE = "NODE_EXTRA_CA_CERTS";
const TITLE = "Authorities";
/** All public authorities together have a quarter of a megabyte. */
const MAX_BYTES = 16 * 1024 * 1024;
const PEM = "-----BEGIN CERTIFICATE-----";

/** Nothing is said where the variable is not set: most networks need none. */
export async function authorities({ variable }: Pick<Services, "variable">): Promise<Finding[]> {
  const path = variable(VARIABLE);
  if (path === undefined) return [];
  const wrong = (why: string) => [
    problem("authorities", TITLE, `${VARIABLE} is set, but ${why}`, "name a PEM file with the authority's certificate"),
  ];
  try {
    const file = await readPlainFile(path, MAX_BYTES);
    if (!file) return wrong(`${path} does not exist`);
    return isPemCertificate(file.bytes)
      ? [ok("authorities", TITLE, `also those in ${path}`)]
      : wrong(`${path} holds no certificate in PEM form (it would begin with ${PEM})`);
  } catch (error) {
    return wrong(asFailure(error).message);
  }
}

function isPemCertificate(bytes: Buffer): boolean {
  const start = bytes.indexOf(PEM);
  if (start < 0) return false;
  try {
    return new X509Certificate(bytes.subarray(start)).subject !== undefined;
  } catch {
    return false;
  }
}
