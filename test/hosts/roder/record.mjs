/**
 * Stands between the host and the child and writes down what they say: one file a session, one line a message,
 * `{"t_ms", "dir": "host"|"child", "line"}`. The package's folder becomes `/workspace`, a test's own folder
 * `/home/somebody`, the port of the service 8787.
 *
 * Usage: node record.mjs <file> <command> [argument ...]
 */
import { spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const [file, command, ...args] = process.argv.slice(2);
const program = args.find((argument) => argument.endsWith("seren-bridge.mjs"));
const folder = program ? dirname(dirname(program)) : "/workspace";
const begun = Date.now();
writeFileSync(file, "");

const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
tap(process.stdin, child.stdin, "host");
tap(child.stdout, process.stdout, "child");
child.on("exit", (code) => process.exit(code ?? 1));
child.stdin.on("error", () => undefined);

function tap(from, to, dir) {
  let rest = "";
  from.on("data", (bytes) => {
    to.write(bytes);
    rest += bytes.toString("latin1"); // cut anywhere; whole again at the line's end
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) note(dir, Buffer.from(line, "latin1").toString("utf8"));
  });
  from.on("end", () => to.end());
}

function note(dir, line) {
  const clean = line
    .replaceAll(folder, "/workspace")
    .replace(/[^"\s]*\/seren-bridge-roder-\w+/g, "/home/somebody")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:8787");
  appendFileSync(file, `${JSON.stringify({ t_ms: Date.now() - begun, dir, line: clean })}\n`);
}
