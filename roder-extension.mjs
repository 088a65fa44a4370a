/**
 * What a Roder package starts: the built program beside it. Roder installs from git without building anything and reports a
 * child that dies as "process extension exited", so what is missing is said here, to the call that was made and on stderr.
 */
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = "20.18.1";
const program = new URL("dist/seren-bridge.mjs", import.meta.url);
const trouble = whatIsMissing();

if (trouble) await refuse(trouble);
else await import(program.href);

function whatIsMissing() {
  const [major, minor, patch] = process.versions.node.split(".").map(Number);
  const [least, lesser, last] = OLDEST_NODE.split(".").map(Number);
  if (major < least || (major === least && (minor < lesser || (minor === lesser && patch < last)))) {
    return `seren-bridge needs Node ${OLDEST_NODE} or newer, and "node" on Roder's PATH is ${process.versions.node}`;
  }
  if (existsSync(program)) return undefined;
  const folder = fileURLToPath(new URL(".", import.meta.url));
  return `seren-bridge is not built in ${folder}: install from the branch "packed" instead, or run there: npm ci && npm run build`;
}

/** Answers the first request and ends: Roder never says anything more to an extension it could not start. */
async function refuse(message) {
  process.stderr.write(`${message}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const id = /"id":(\d+)/.exec(line)?.[1];
    if (id === undefined) continue;
    const reply = { jsonrpc: "2.0", id: Number(id), error: { code: -32000, message } };
    process.stdout.write(`${JSON.stringify(reply)}\n`, () => process.exit(1));
    return;
  }
}
