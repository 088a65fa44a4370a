#!/usr/bin/env node
/** Which of the three front ends is asked for. stdout is claimed for a host before anything else is loaded. */
import { claimStdout } from "./stdio/claim-stdout.ts";

const [mode, ...rest] = process.argv.slice(2);

switch (mode) {
  case "courier": {
    const frames = claimStdout();
    const { serveCourier } = await import("./courier-mode.ts");
    await serveCourier(frames);
    process.exit(0);
    break;
  }
  case "roder": {
    const frames = claimStdout();
    const { serveRoder } = await import("./roder-mode.ts");
    await serveRoder(frames);
    process.exit(0);
    break;
  }
  default: {
    const { runTerminal } = await import("./adapters/terminal/index.ts");
    process.exitCode = await runTerminal(mode, rest);
  }
}
