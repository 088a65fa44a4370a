/** Whether the end of the terminal is no business of this program, as under `nohup`. */
import { fstatSync, readFileSync, readlinkSync } from "node:fs";
import { isatty } from "node:tty";

/** The open file was opened for writing only (`O_WRONLY`): what GNU `nohup` gives a program as stdin. */
const WRITE_ONLY = /^flags:\s*[0-7]*1$/m;
/** Bit 1 of the set of ignored signals. */
const IGNORES_HANGUP = /^SigIgn:\s*[0-9a-f]*[13579bdf]$/m;

/**
 * Whether SIGHUP was ignored when this program was started. Node makes ignored signals deadly again before any code of ours
 * runs, so what is left are traces: of the parent, of the shell (`lastCommand`, its variable `_`), and of `nohup` itself. None
 * is left where all three streams were redirected to files or devices: then what becomes of the terminal changes nothing for
 * this program.
 */
export function hangupWasIgnored(lastCommand: string | undefined): boolean {
  return (
    /(?:^|\/)nohup$/.test(lastCommand ?? "") ||
    IGNORES_HANGUP.test(read("/proc/self/status")) ||
    IGNORES_HANGUP.test(read(`/proc/${process.ppid}/status`)) ||
    WRITE_ONLY.test(read("/proc/self/fdinfo/0")) ||
    targetOf("/proc/self/fd/1").endsWith("/nohup.out") ||
    [0, 1, 2].every(outlivesTerminal)
  );
}

/** A file, or a device such as `/dev/null`. A pipe or socket has another program at its end, which may be gone. */
function outlivesTerminal(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    return stats.isFile() || (stats.isCharacterDevice() && !isatty(descriptor));
  } catch {
    return false; // it is closed
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // not Linux
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
