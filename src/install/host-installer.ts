/**
 * Installing this program in one host. An installer lives beside the adapter of its host; the terminal's `setup` and
 * `doctor` iterate over the installers that `app/` gives them.
 */
import type { FileChange } from "./file-change.ts";
import type { Finding } from "./finding.ts";

/** What an installer knows of this program and this machine. */
export interface InstallContext {
  readonly version: string;
  readonly paths: {
    readonly home: string;
    /** Home folder of the account, which a program without an environment finds. */
    readonly accountHome: string;
    /** The program as a host starts it, links resolved. */
    readonly program: string;
  };
  /** A variable of the environment. */
  readonly variable: (name: string) => string | undefined;
  readonly keys: { source(): Promise<{ readonly from: "local" | "environment" | "file" | "none" }> };
}

export interface HostInstaller {
  /** The word after `seren-bridge setup`. */
  readonly id: string;
  /** The host's own name. */
  readonly name: string;
  readonly help: {
    readonly summary: string;
    readonly description: string;
    /** What `--write` does, in a few words. */
    readonly write: string;
  };
  /** What to do once the change is written. */
  readonly next: string;
  /** The changes that install this program or, with `undo`, remove it. Rejects with the reason when neither is possible. */
  plan(context: InstallContext, options: { undo: boolean }): Promise<FileChange[]>;
  /**
   * The host's own command for the same, where it has one that can be started and would change something: it is preferred, and
   * the plan afterwards is what it has left to do.
   */
  ownCommand?(context: InstallContext, options: { undo: boolean }): Promise<OwnCommand | undefined>;
  /** What a person should know about an installation on this machine. */
  notes(context: InstallContext): Promise<string[]>;
  /** Whether the host is on this machine and would start this program. Reads only. */
  check(context: InstallContext): Promise<Finding[]>;
  /** Present for a host that installs packages itself. */
  readonly packages?: HostPackages;
}

export interface OwnCommand {
  argv: readonly [program: string, ...args: string[]];
  /** As it is typed. */
  typed: string;
}

export interface HostPackages {
  /** Where the host can take the package from: the values of `setup <id> --package`. */
  readonly sources: readonly string[];
  /** Rejects with `invalid_input` for a source that this program cannot be installed from. */
  plan(context: InstallContext, source: string, options: { undo: boolean }): Promise<PackagePlan>;
}

export interface PackagePlan {
  /** Commands of the host that are left to be typed, in order. */
  commands: string[];
  /** What to say when there are none. */
  done: string;
  /** What to do once they have been typed. */
  next: string;
  notes: string[];
}
