/** Notices as the configuration file asks for them. Loaded only when it does. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { type Notice, Notices } from "../core/index.ts";
import { desktopCommand, lineOfNotice, wordsOfNotice } from "../notify/index.ts";
import type { NotifySettings } from "../settings/index.ts";
import { Claims, stateDisk } from "../state/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { asFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import { RecentSet } from "../support/recent-set.ts";
import type { Redactor } from "../support/redact.ts";
import { runProgram } from "../support/run-program.ts";
import { STATE_LAYOUT } from "./state-layout.ts";

const MAX_TOLD = 20;

export interface OpenNotices {
  config: Config;
  notify: NotifySettings;
  host: string;
  ambient: Ambient;
  log: Log;
  redactor: Redactor;
  /** Rings the terminal, where there is one. */
  ring?: ((words: { title: string; body: string }) => void) | undefined;
}

/** Returns undefined when this process has no way to send any, so that another one may. */
export function openNotices(options: OpenNotices): Notices | undefined {
  const { config, notify, host, ambient, log, redactor } = options;
  const ring = notify.bell ? options.ring : undefined;
  if (!ring && !notify.desktop && !notify.command) return undefined;
  const environment = config.programEnvironment();
  /** A machine without a desktop has none for the next run either: the first warning says it. */
  const told = new RecentSet<string>(MAX_TOLD);
  const run = async (what: string, program: Omit<Parameters<typeof runProgram>[0], "ambient">) => {
    const problem = await runProgram({ ...program, ambient });
    if (problem === undefined) return;
    const said = `${what} ${problem}`;
    log(told.has(said) ? "debug" : "warn", said, { command: program.command[0] });
    told.add(said);
  };
  return new Notices({
    host,
    events: new Set(notify.events),
    costMark: notify.costMark,
    ambient,
    claims: claimsOf(config, ambient, log),
    clean: (text) => redactor.redact(text),
    async send(notice: Notice) {
      const words = wordsOfNotice(notice);
      const sent: Promise<void>[] = [];
      const { command } = notify;
      if (command)
        sent.push(run("the notice command", { command, stdin: lineOfNotice(notice, redactor), environment }));
      if (notify.desktop) {
        const desktop = desktopCommand(words, process.platform);
        const env = { ...environment, ...desktop.environment };
        sent.push(run("the notice on the desktop", { command: desktop.command, stdin: "", environment: env }));
      }
      ring?.(words);
      await Promise.all(sent);
    },
  });
}

/** No other process sees the runs of an embedded service. */
function claimsOf(config: Config, ambient: Ambient, log: Log): Pick<Claims, "ready" | "claim"> {
  const own = new Set<string>();
  const once = {
    ready: async () => true,
    claim(name: string) {
      const isFirst = !own.has(name);
      own.add(name);
      return isFirst;
    },
  };
  if (config.local) return once;
  try {
    const { stateDir } = config;
    return new Claims(join(stateDir, STATE_LAYOUT.notices), ambient, stateDisk(stateDir, ambient));
  } catch (error) {
    log("warn", "notices are not shared with other processes", { problem: asFailure(error).message });
    return once;
  }
}
