/**
 * A socket in a folder on which a process listens until it ends. A process id proves nothing: ids are reused, and a killed
 * process that was not reaped still accepts signal 0. A socket ends with its process in every case. Windows has named pipes
 * in its place, which lie in no folder and are known by `id` on the whole machine.
 */
import { lstat, rename } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { systemCode } from "../support/system-error.ts";
import { shortPathOf } from "./short-path.ts";

const SOCKET = "alive";

/** Which file a socket is. Both are empty on Windows. */
export interface SocketFile {
  /** A copy of the folder has another one. */
  inode: string;
  /**
   * Of the mounted file system. One that is mounted twice (a network folder, a layer over another folder) has two, and a socket is
   * heard through the mount it was made through only; a mount that is bound to another path is the same one.
   */
  device: string;
}

const NO_FILE: SocketFile = { inode: "", device: "" };

export interface AliveSocket {
  file: SocketFile;
  close(): Promise<void>;
}

/** What was heard at the socket of a folder, and which one it is. */
export interface Knock {
  /** `refused`: the socket is there and nothing listens on it. `absent`: there is none. `unclear`: it cannot be reached. */
  answer: "listening" | "refused" | "absent" | "unclear";
  file: SocketFile;
}

/**
 * Listens until the process ends, without keeping it alive; takes the place of a socket that is there. Rejects when the
 * folder cannot have one. The socket is bound under another name and renamed: the end of listening, and so the end of the
 * process, removes the name it was bound under, and the socket must stay to be refused by.
 */
export async function listenIn(folder: string, id: string): Promise<AliveSocket> {
  if (process.platform === "win32") return { file: NO_FILE, close: closing(await listen(pipeOf(id))) };
  const short = await shortPathOf(folder);
  let server: Server | undefined;
  try {
    const bound = join(short.path, `alive-${id.slice(0, 8)}`);
    server = await listen(bound);
    await rename(bound, join(short.path, SOCKET));
    return { file: await fileOf(join(short.path, SOCKET)), close: closing(server) };
  } catch (error) {
    if (server) await closing(server)();
    throw error;
  } finally {
    await short.release();
  }
}

/** Never rejects. */
export async function knockIn(folder: string, id: string): Promise<Knock> {
  if (process.platform === "win32") return { answer: await knock(pipeOf(id), "ENOENT"), file: NO_FILE };
  try {
    const short = await shortPathOf(folder);
    try {
      const path = join(short.path, SOCKET);
      return { file: await fileOf(path), answer: await knock(path, "ECONNREFUSED") };
    } finally {
      await short.release();
    }
  } catch (error) {
    return { answer: systemCode(error) === "ENOENT" ? "absent" : "unclear", file: NO_FILE };
  }
}

async function fileOf(path: string): Promise<SocketFile> {
  const { ino, dev } = await lstat(path, { bigint: true });
  return { inode: String(ino), device: String(dev) };
}

function listen(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.on("error", reject); // a later one, of a connection that is not accepted, says nothing about this process
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });
}

function closing(server: Server): () => Promise<void> {
  return () => new Promise((resolve) => void server.close(() => resolve()));
}

function knock(address: string, refusal: "ECONNREFUSED" | "ENOENT"): Promise<Knock["answer"]> {
  return new Promise((resolve) => {
    const connection = connect(address);
    connection.once("connect", () => {
      connection.destroy();
      resolve("listening");
    });
    connection.on("error", (error: NodeJS.ErrnoException) => resolve(error.code === refusal ? "refused" : "unclear"));
  });
}

function pipeOf(id: string): string {
  return `\\\\.\\pipe\\seren-bridge-${id}`;
}
