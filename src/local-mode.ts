/** `seren-bridge local`: the embedded Seren Cloud as a server on loopback, until it is interrupted. */
import { LocalCloud, startLocalHttp } from "./local/index.ts";
import { realAmbient } from "./support/ambient.ts";

const DEFAULT_PORT = 8787;

/** Exit codes: 0 interrupted, 1 the port cannot be had, 2 wrong use. */
export async function serveLocal(args: readonly string[]): Promise<number> {
  const port = readPort(args);
  if (port === undefined) {
    process.stderr.write("seren-bridge local: the only option is --port <0 to 65535>\n");
    return 2;
  }
  let origin: string;
  try {
    ({ origin } = await startLocalHttp(new LocalCloud({ ambient: realAmbient }), { port, unref: false }));
  } catch (error) {
    process.stderr.write(`seren-bridge local: port ${port} cannot be used (${error instanceof Error ? error.message : error}); try --port 0\n`);
    return 1;
  }
  process.stdout.write(
    `The embedded Seren Cloud listens on ${origin}. Nothing leaves this machine; all is forgotten when it ends.\n` +
      `Point a host at it with:\n\n  export SEREN_API_BASE=${origin} SEREN_API_KEY=local\n\nCtrl-C ends it.\n`,
  );
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  return 0;
}

function readPort(args: readonly string[]): number | undefined {
  if (args.length === 0) return DEFAULT_PORT;
  const [name, value = "", ...more] = args;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : -1;
  return name === "--port" && more.length === 0 && port >= 0 && port <= 65_535 ? port : undefined;
}
