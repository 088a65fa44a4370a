/** The smallest host there can be: starts the built program, sends JSON lines, shows what comes back. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../dist/seren-bridge.mjs", import.meta.url));

/** `mode` is `courier` or `roder`; `onNotification` sees every line that is not a reply. */
export function startHost(mode, onNotification) {
  const child = spawn(process.execPath, [PROGRAM, mode], {
    stdio: ["pipe", "pipe", "inherit"],
    // No key, no network: the service runs inside the child.
    env: { PATH: process.env.PATH, SEREN_API_BASE: "local" },
  });
  const waiting = new Map();
  let lastId = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line);
    const settle = waiting.get(message.id);
    if (!settle) return onNotification(message);
    waiting.delete(message.id);
    if (message.error) settle.reject(new Error(message.error.message));
    else settle.resolve(message.result);
  });
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      for (const { reject: fail } of waiting.values()) fail(new Error(`the child ended with code ${code}`));
      resolve(code);
    });
  });
  return {
    request(method, params) {
      lastId += 1;
      const id = lastId;
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    /** Closes stdin, as both hosts do at their end. Resolves with the exit code. */
    end() {
      child.stdin.end();
      return ended;
    },
  };
}
