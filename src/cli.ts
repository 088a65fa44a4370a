#!/usr/bin/env node
/** Which front end is asked for. stdout is claimed for a host before anything else is loaded. */
import { claimStdout } from "./stdio/claim-stdout.ts";

const mode = process.argv[2];

switch (mode) {
  case "courier": {
    const frames = claimStdout();
    await (await import("./wiring/courier.ts")).serveCourier(frames);
    process.exit(0);
    break;
  }
  case "roder": {
    const frames = claimStdout();
    await (await import("./wiring/roder.ts")).serveRoder(frames);
    process.exit(0);
    break;
  }
  default:
    process.exit(await (await import("./wiring/terminal.ts")).runTerminalMode(process.argv.slice(2)));
}
