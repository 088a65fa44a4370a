/**
 * Proves that a process is alive: a socket it listens on until it ends. A process id proves nothing: ids are reused, and
 * a killed process that was not reaped still accepts signal 0. A socket ends with its process in every case.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

/** The address of a Unix socket has 108 bytes on Linux and 104 on macOS, the final NUL counted. */
const MAX_SOCKET_PATH_BYTES = 103;

/** Returns the address on which the process `ownerId` listens. */
export function aliveAddress(folder: string, ownerId: string): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\seren-bridge-${ownerId}`;
  const near = join(folder, "alive");
  return Buffer.byteLength(near) <= MAX_SOCKET_PATH_BYTES ? near : join(tmpdir(), `seren-bridge-${ownerId}`);
}

/** Listens until the process ends, without keeping it alive. Rejects when the address cannot be used. */
export function showAlive(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", reject);
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Whether a process listens there. Only a clear refusal counts as dead; anything else counts as alive. */
export function isAlive(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(address);
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

/** Distinguishes machines that share a state folder (a network home, a container's volume). */
export function machineId(): string {
  let id = "";
  try {
    id = readFileSync("/etc/machine-id", "utf8").trim();
  } catch {
    // not available on this system: the host name alone
  }
  return createHash("sha256").update(`${hostname()}\n${id}`).digest("hex").slice(0, 16);
}
