/** Folders and child processes for the tests of files that belong to processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "owned-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const CHILD = ["scripts/run-typescript.mjs", "test/unit/state/owner-child.ts"];

/** Starts a process with its own `entries` (`name=text`) under `root`. */
export async function owner(root: string, ...entries: string[]): Promise<ChildProcess> {
  return ownerThrough([], process.env, root, ...entries);
}

/** The same, started by another program (`unshare …`) and with another environment. */
export async function ownerThrough(
  launcher: readonly string[],
  env: NodeJS.ProcessEnv,
  root: string,
  ...entries: string[]
): Promise<ChildProcess> {
  const [program = "", ...args] = [...launcher, process.execPath, ...CHILD, root, ...entries];
  return started(spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] }));
}

/**
 * The same, with a parent that never asks how its child ended: killed, it stays a zombie whose process id goes on
 * answering. The id comes back with the parent.
 */
export async function unreapedOwner(
  root: string,
  ...entries: string[]
): Promise<{ parent: ChildProcess; pid: number }> {
  const command = [process.execPath, ...CHILD, root, ...entries].map((word) => `'${word}'`).join(" ");
  const parent = spawn("sh", ["-c", `${command} & echo "pid $!"; exec sleep 600`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await heard(parent, /pid (\d+)[\s\S]*ready/);
  return { parent, pid: Number(said[1]) };
}

async function started(child: ChildProcess): Promise<ChildProcess> {
  await heard(child, /ready/);
  return child;
}

function heard(child: ChildProcess, wanted: RegExp): Promise<RegExpExecArray> {
  onTestFinished(() => void child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const match = wanted.exec(text);
      if (match) resolve(match);
    });
    child.once("exit", (code) => reject(new Error(`the child ended with ${code}: ${text}`)));
  });
}

export async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
