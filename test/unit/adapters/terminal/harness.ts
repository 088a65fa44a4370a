/** The terminal command in this process, against an embedded Seren Cloud on loopback and an empty home. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { onTestFinished } from "vitest";
import { createScreen, type InFlightRun, runTerminal, type Services } from "../../../../src/adapters/terminal/index.ts";
import type { Output } from "../../../../src/adapters/terminal/screen/writer.ts";
import { INSTALLERS } from "../../../../src/app/installers.ts";
import { readFileSettings } from "../../../../src/app/load-config.ts";
import { STATE_LAYOUT } from "../../../../src/app/state-layout.ts";
import { createApiKeys } from "../../../../src/app/terminal/api-keys.ts";
import { runHostCommand } from "../../../../src/app/terminal/host-command.ts";
import { checkKey, createRemote, readSpend } from "../../../../src/app/terminal/remote-services.ts";
import { schemaOf } from "../../../../src/app/terminal/schemas.ts";
import { reportSettings, settingsExample } from "../../../../src/app/terminal/settings-report.ts";
import { readConfig } from "../../../../src/config.ts";
import { writeFileAtomic } from "../../../../src/state/atomic-file.ts";
import { tryFolder } from "../../../../src/state/try-folder.ts";
import { realAmbient } from "../../../../src/support/ambient.ts";
import { lazy } from "../../../../src/support/lazy.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { scratchFolder } from "../../../support/child-process/child.ts";

/** Long enough for a small script on a busy machine. */
const HANGS_MS = 5_000;

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

export interface TerminalOptions {
  env?: Record<string, string>;
  stdin?: string;
  /** In place of the pipe. */
  stdout?: Output;
  flights?: InFlightRun[];
  /** How far this machine's clock is ahead, in milliseconds. */
  clockAheadMs?: number;
}

export class TestTerminal {
  readonly home = scratchFolder();
  readonly program = join(this.home, "app", "dist", "seren-bridge.mjs");
  readonly #env: Record<string, string>;
  readonly #interrupts = new Set<() => void>();
  left: number | undefined;

  constructor(env: Record<string, string>) {
    this.#env = env;
    this.file("app/dist/seren-bridge.mjs", "#!/usr/bin/env node\n", 0o755);
    this.file(
      "app/roder-extension.toml",
      'id = "roder-ext-seren-cloud"\n[[provides]]\ntype = "task_executor"\nid = "x"\n',
    );
  }

  file(path: string, text: string, mode = 0o644): string {
    const full = join(this.home, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text, { mode });
    return full;
  }

  interrupt(): void {
    for (const listener of [...this.#interrupts]) listener();
  }

  async run(args: readonly string[], options: TerminalOptions = {}): Promise<Said> {
    const { home } = this;
    const environment = readConfig({
      HOME: home,
      XDG_CONFIG_HOME: join(home, "config"),
      SEREN_BRIDGE_STATE_DIR: join(home, "state"),
      ...this.#env,
      ...options.env,
    });
    const config = environment.withFile(await readFileSettings(environment, realAmbient));
    const { clockAheadMs = 0 } = options;
    const ambient = { ...realAmbient, now: () => realAmbient.now() + clockAheadMs };
    const redactor = createRedactor();
    const keys = createApiKeys({ config, ambient, redactor, check: (key) => checkKey(config, ambient, key) });
    const remote = lazy(async () => {
      const made = await createRemote({ config, apiKey: keys.current, ambient, log: silentLog, redactor });
      onTestFinished(() => made.close());
      return made;
    });
    const services: Services = {
      version: "1.2.3",
      installers: INSTALLERS,
      hostModes: [{ mode: "courier", summary: "the Dispatch courier plugin" }],
      ambient,
      redactor,
      keys,
      settings: async () => reportSettings(config),
      settingsExample: async () => settingsExample(config),
      schema: async (name) => schemaOf(name),
      paths: {
        home,
        accountHome: home,
        program: this.program,
        stateDir: config.stateDir,
        credentialsFile: config.credentialsFile,
      },
      local: config.local,
      serviceAddress: () => (config.local ? "here" : new URL(config.apiBase()).origin),
      proxy: () => (config.local ? undefined : config.proxyFor(new URL(config.apiBase()))),
      deployment: config.deployment,
      allowedSecrets: config.allowedSecrets,
      variable: config.variable,
      watchers: [],
      remote,
      inFlightRuns: async () => options.flights ?? [],
      spend: (since) => readSpend(config, ambient, since),
      tryStateFolder: () => tryFolder(config.stateDir, Object.values(STATE_LAYOUT), ambient),
      onInterrupt: (listener) => {
        this.#interrupts.add(listener);
        return () => this.#interrupts.delete(listener);
      },
      leave: (code) => {
        this.left = code;
      },
      async writeFile(path, text, mode) {
        mkdirSync(dirname(path), { recursive: true });
        await writeFileAtomic(path, text, { token: ambient.uuid(), mode });
      },
      runHostCommand: (argv, signal) =>
        runHostCommand({ argv, signal, environment: config.programEnvironment(), ambient, limitMs: HANGS_MS }),
      serveLocal: () => Promise.reject(new Error("not in this test")),
    };
    const stdin = new PassThrough();
    stdin.end(options.stdin ?? "");
    const stdout = collector();
    const stderr = collector();
    const screen = createScreen({
      stdin,
      stdout: options.stdout ?? stdout.stream,
      stderr: stderr.stream,
      noColor: true,
      variable: config.variable,
      mark: ambient.uuid(),
      suspension: { around: () => () => undefined, suspend: () => undefined },
      redactor,
    });
    const code = await runTerminal(args, { services, screen });
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  }
}

function collector() {
  const stream = new PassThrough();
  let text = "";
  stream.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  return { stream, text: () => text };
}
