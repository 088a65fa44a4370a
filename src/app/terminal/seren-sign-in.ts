/**
 * The sign-in of the official `seren` command, which keeps it in `seren/credentials.toml` beside our own folder
 * (`docs/reference/seren-cloud-api.md`, section 12.7). It is looked at when a person logs in or asks what is wrong, and is used
 * only if that person says so.
 */
import { dirname, join } from "node:path";
import type { SerenSignIn } from "../../adapters/terminal/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure } from "../../support/failure.ts";
import { isObject } from "../../support/objects.ts";
import { ownershipProblem } from "../../support/own-file.ts";
import { readPlainFile, textOf } from "../../support/plain-file.ts";
import { Responsive } from "../../support/responsive.ts";
import { Secret } from "../../support/secret.ts";

const MAX_BYTES = 64 * 1024;

/** `ownFile`: path of our own stored key. Returns undefined where the command has no sign-in. Never rejects. */
export async function readSerenSignIn(ownFile: string, ambient: Ambient): Promise<SerenSignIn | undefined> {
  const path = join(dirname(dirname(ownFile)), "seren", "credentials.toml");
  try {
    const file = await readPlainFile(path, MAX_BYTES, new Responsive(path, ambient));
    if (!file) return undefined;
    const problem = ownershipProblem(path, file.stats, "unchanged");
    if (problem !== undefined) return { path, problem };
    const { parse } = await import("smol-toml");
    const key = keyIn(parse(textOf(path, file.bytes)));
    if (key !== undefined) return { path, key: new Secret(key) };
    return { path, problem: `${path} holds no API key (a sign-in through the browser is for that command alone)` };
  } catch (error) {
    const failure = asFailure(error);
    // What the parser says may quote the file.
    return { path, problem: failure.kind === "internal" ? `${path} cannot be read as TOML` : failure.message };
  }
}

/** At the top of the file, or in one of its tables (a profile). */
function keyIn(content: unknown): string | undefined {
  if (!isObject(content)) return undefined;
  for (const table of [content, ...Object.values(content)]) {
    const key = isObject(table) ? table.api_key : undefined;
    if (typeof key === "string" && key.trim() !== "") return key.trim();
  }
  return undefined;
}
