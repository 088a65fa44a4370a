/** The real `roder` command in folders of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class RoderCli {
  /** Added to what every command gets. */
  readonly environment: Record<string, string> = {};
  readonly folder = mkdtempSync(join(tmpdir(), "seren-bridge-roder-"));
  readonly workspace = join(this.folder, "workspace");
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
    mkdirSync(join(this.folder, "config"));
    mkdirSync(this.workspace);
  }

  configure(toml: string): void {
    writeFileSync(join(this.folder, "config", "config.toml"), toml);
  }

  run(...args: string[]): Promise<CommandResult> {
    return this.#start(this.#program, args);
  }

  /** Runs `seren-bridge` where Roder runs. */
  bridge(program: string, ...args: string[]): Promise<CommandResult> {
    return this.#start(process.execPath, [program, ...args]);
  }

  async #start(program: string, args: string[]): Promise<CommandResult> {
    const child = spawn(program, args, {
      cwd: this.workspace,
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        RODER_CONFIG_DIR: join(this.folder, "config"),
        TEST_KEY: "none",
        ...this.environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { code, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
