#!/usr/bin/env node
/**
 * Which front end is asked for. stdout is claimed for a host before anything else is loaded, and the question each host
 * begins with is answered before the rest of the program is loaded: what this file imports is all it costs to answer.
 */
import { fileURLToPath } from "node:url";
import { courierHandshake } from "./adapters/courier/index.ts";
import { roderHandshake } from "./adapters/roder/index.ts";
import { readConfig } from "./config.ts";
import { answerFirstLine, claimStdout, type Handshake } from "./stdio/index.ts";
import { realAmbient } from "./support/ambient.ts";

const [mode = ""] = process.argv.slice(2);

switch (mode) {
  case "courier": {
    const frames = claimStdout();
    const { over } = await answerFirst(courierHandshake);
    if (!over) await (await import("./app/program.ts")).serveCourier(frames);
    process.exit(0);
    break;
  }
  case "roder": {
    const frames = claimStdout();
    const programPath = fileURLToPath(import.meta.url);
    const shipped = __RODER_MANIFEST__;
    const { answered, over } = await answerFirst(roderHandshake(programPath, readConfig().roderManifest, shipped));
    if (!over) await (await import("./app/program.ts")).serveRoder(frames, { programPath, shipped, greeted: answered });
    process.exit(0);
    break;
  }
  default:
    process.exit(await (await import("./app/program.ts")).runTerminalMode(process.argv.slice(2)));
}

function answerFirst(greeting: Handshake) {
  return answerFirstLine({ input: process.stdin, output: claimStdout(), ambient: realAmbient }, greeting);
}
