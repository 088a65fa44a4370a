#!/usr/bin/env node
/** Which front end is asked for. stdout is claimed for a host before anything else is loaded. */
import { claimStdout } from "./stdio/claim-stdout.ts";

const [mode, ...rest] = process.argv.slice(2);

switch (mode) {
  case "courier": {
    const frames = claimStdout();
    await (await import("./courier-mode.ts")).serveCourier(frames);
    process.exit(0);
    break;
  }
  case "roder": {
    const frames = claimStdout();
    await (await import("./roder-mode.ts")).serveRoder(frames);
    process.exit(0);
    break;
  }
  case "local":
    process.exit(await (await import("./local-mode.ts")).serveLocal(rest));
    break;
  default: {
    const { runTerminal } = await import("./adapters/terminal/index.ts");
    process.exitCode = await runTerminal(mode, { version: __VERSION__, stdout: process.stdout, stderr: process.stderr });
  }
}
