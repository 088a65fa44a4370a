/** Which machine, and which start of it, this process runs on. Neither id leaves this file as it is: both are hashed. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { uptime } from "node:os";
import { lazy } from "../support/lazy.ts";

export interface Machine {
  /** Stays over restarts and changes of the host name. Absent where the system has none, as in many containers. */
  machine?: string;
  /** One start of one kernel, which containers on it share. Absent where the system does not tell it. */
  boot?: string;
}

const QUERY_TIMEOUT_MS = 2_000;

export const thisMachine: () => Promise<Machine> = lazy(async () => {
  const [machine, boot] = await Promise.all([machineId(), bootId()]);
  return { ...(machine ? { machine: hashed(machine) } : {}), ...(boot ? { boot: hashed(boot) } : {}) };
});

/** When this machine was started, in milliseconds since the epoch, by the clock that says `now`. */
export function startedAt(now: number): number {
  return now - uptime() * 1000;
}

async function machineId(): Promise<string | undefined> {
  switch (process.platform) {
    case "darwin":
      return /"IOPlatformUUID" = "([0-9A-F-]{36})"/i.exec(
        await outputOf("/usr/sbin/ioreg", ["-rd1", "-c", "IOPlatformExpertDevice"]),
      )?.[1];
    case "win32":
      return /MachineGuid\s+REG_SZ\s+([0-9a-f-]{36})/i.exec(
        await outputOf("C:\\Windows\\System32\\reg.exe", [
          "query",
          "HKLM\\SOFTWARE\\Microsoft\\Cryptography",
          "/v",
          "MachineGuid",
          "/reg:64",
        ]),
      )?.[1];
    default: {
      const text = (await textOf("/etc/machine-id")) || (await textOf("/var/lib/dbus/machine-id"));
      return /^[0-9a-f]{32}$/.test(text) ? text : undefined; // "uninitialized" in a fresh image
    }
  }
}

async function bootId(): Promise<string | undefined> {
  return (await textOf("/proc/sys/kernel/random/boot_id")) || undefined;
}

async function textOf(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    return "";
  }
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: QUERY_TIMEOUT_MS, windowsHide: true }, (_, stdout) => resolve(stdout));
  });
}

/** As `man 5 machine-id` asks: the id itself is confidential, a hash of it under the name of the application is not. */
function hashed(id: string): string {
  return createHash("sha256").update(`seren-bridge\n${id}`).digest("hex").slice(0, 32);
}
