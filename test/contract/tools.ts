/** Tools of others, where they are installed (`npm ci --prefix scripts/tools`): a second opinion we have not written. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { OPENAPI_PATH, openApiPresent } from "../support/in-process/openapi.ts";

const MODULES = fileURLToPath(new URL("../../scripts/tools/node_modules/", import.meta.url));

/** Programs as files of JavaScript, so that every system starts them alike. */
export const TOOL = {
  prism: join(MODULES, "@stoplight/prism-cli/dist/index.js"),
  openapiTypescript: join(MODULES, "openapi-typescript/bin/cli.js"),
};

/** Why a check against the document cannot run here; empty when it can. */
export const obstacle = !openApiPresent
  ? ` (skipped: no ${OPENAPI_PATH})`
  : Object.values(TOOL).every(existsSync)
    ? ""
    : " (skipped: the tools are not installed, npm ci --prefix scripts/tools)";

export interface Prism {
  origin: string;
  stop(): Promise<void>;
}

/** Prism on a free port: `mock`, or `proxy` to the service at `upstream`. */
export async function startPrism(mode: "mock" | "proxy", upstream?: string): Promise<Prism> {
  const args = [TOOL.prism, mode, "--port", "0", "--verboseLevel", "info", OPENAPI_PATH];
  const child = spawn(process.execPath, upstream ? [...args, upstream] : args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  const origin = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      const [, found] = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
      if (found) resolve(found);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    void ended.then(() => reject(new Error(`Prism ended before it listened: ${said}`)));
  });
  return {
    origin,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
