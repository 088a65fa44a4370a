/** The terminal command. */
import { fstatSync, realpathSync } from "node:fs";
import { userInfo } from "node:os";
import {
  createScreen,
  createSpokenLog,
  type InFlightRun,
  type Paths,
  ringTerminal,
  runTerminal,
  type Services,
} from "../../adapters/terminal/index.ts";
import type { Config } from "../../config.ts";
import { homeFolder } from "../../folders.ts";
import { wholeOutput } from "../../stdio/index.ts";
import { realAmbient } from "../../support/ambient.ts";
import { endThoughCallsHang } from "../../support/hanging-calls.ts";
import { lazy } from "../../support/lazy.ts";
import { createLog } from "../../support/log.ts";
import { createRedactor } from "../../support/redact.ts";
import { settleWithin } from "../../support/settle-within.ts";
import { INSTALLERS } from "../installers.ts";
import { loadConfig } from "../load-config.ts";
import { STATE_LAYOUT } from "../state-layout.ts";
import { createApiKeys } from "../terminal/api-keys.ts";
import { hangupWasIgnored } from "../terminal/hangup.ts";
import { runHostCommand } from "../terminal/host-command.ts";
import { interrupts } from "../terminal/interrupts.ts";
import { replaceFile } from "../terminal/replace-file.ts";
import { createSuspension } from "../terminal/suspension.ts";

/** Connections still open after this time are closed by the exit of the process. */
const CLOSE_BUDGET_MS = 2_000;

/** Resolves with the exit code when everything has been written. */
export async function serve(args: readonly string[], hostModes: Services["hostModes"]): Promise<number> {
  endThoughCallsHang();
  const ambient = realAmbient;
  const config = await loadConfig(ambient);
  const redactor = createRedactor();
  for (const secret of config.secrets) redactor.add(secret);
  const screen = createScreen({
    stdin: process.stdin,
    stdout: wholeOutput(process.stdout),
    stderr: process.stderr,
    stdoutIsFile: isFile(1),
    noColor: args.includes("--no-color"),
    variable: config.variable,
    mark: ambient.uuid(),
    suspension: createSuspension(ambient),
    redactor,
  });
  const log = config.logIsWanted
    ? createLog(screen.stderr, config.logLevel, redactor, { unbounded: true }).with({ host: "terminal" })
    : createSpokenLog(screen, redactor);
  const check = async (key: Parameters<Services["keys"]["check"]>[0]) =>
    (await import("../terminal/remote-services.ts")).checkKey(config, ambient, key);
  const keys = createApiKeys({ config, ambient, redactor, check });
  const { notify } = config.file;
  const ring = (words: Parameters<typeof ringTerminal>[1]) => ringTerminal(screen, words, config.variable);
  const notices =
    notify &&
    (await import("../notices.ts")).openNotices({ config, notify, host: "terminal", ambient, log, redactor, ring });
  let close = async (): Promise<unknown> => undefined;
  const remote = lazy(async () => {
    const { createRemote } = await import("../terminal/remote-services.ts");
    const made = await createRemote({ config, apiKey: keys.current, ambient, log, redactor, keepers: notices });
    close = () => settleWithin(ambient, CLOSE_BUDGET_MS, made.close(), { unref: false });
    return made;
  });
  const services: Services = {
    version: __VERSION__,
    hostModes,
    installers: INSTALLERS,
    ambient,
    redactor,
    keys,
    settings: async () => (await import("../terminal/settings-report.ts")).reportSettings(config),
    settingsExample: async () => (await import("../terminal/settings-report.ts")).settingsExample(config),
    schema: async (name) => (await import("../terminal/schemas.ts")).schemaOf(name),
    paths: pathsOf(config),
    local: config.local,
    serviceAddress: () => (config.local ? "the service inside this program" : new URL(config.apiBase()).origin),
    proxy: () => (config.local ? undefined : config.proxyFor(new URL(config.apiBase()))),
    deployment: config.deployment,
    allowedSecrets: config.allowedSecrets,
    variable: config.variable,
    watchers: notices ? [notices] : [],
    remote,
    inFlightRuns: async (): Promise<InFlightRun[]> =>
      (await import("../terminal/remote-services.ts")).listInFlightRuns(config, ambient, keys.current),
    spend: async (since) => (await import("../terminal/remote-services.ts")).readSpend(config, ambient, since),
    tryStateFolder: async () =>
      (await import("../../state/index.ts")).tryFolder(config.stateDir, Object.values(STATE_LAYOUT), ambient),
    onInterrupt: interrupts({ screen, ignoreHangup: hangupWasIgnored(config.variable("_")) }),
    leave: (code) => process.exit(code),
    writeFile: (path, text, mode) => replaceFile(path, text, ambient, mode),
    runHostCommand: (argv, signal) =>
      runHostCommand({ argv, signal, environment: config.programEnvironment(), ambient }),
    serveLocal: async (options) => (await import("../terminal/local-service.ts")).serveLocal(options, config, ambient),
  };
  const code = await runTerminal(args, { services, screen });
  if (notices) await settleWithin(ambient, CLOSE_BUDGET_MS, notices.idle(), { unref: false });
  await close();
  await screen.stderr.flushed();
  return code;
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false; // it is closed
  }
}

function pathsOf(config: Config): Paths {
  const program = realpathSync(process.argv[1] ?? "");
  return {
    // As both hosts look for it: the variable first.
    get home() {
      return config.variable("HOME") ?? config.variable("USERPROFILE") ?? homeFolder();
    },
    get accountHome() {
      return accountHome();
    },
    program,
    get stateDir() {
      return config.stateDir;
    },
    get credentialsFile() {
      return config.credentialsFile;
    },
  };
}

/** For an account without an entry in the user database (some containers) the variable is all there is. */
function accountHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homeFolder();
  }
}
