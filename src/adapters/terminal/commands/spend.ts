/** `spend`: what the runs of this machine have cost. */
import type { Command } from "commander";
import type { SpendEntry } from "../../../core/index.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { decimalOf, dollars } from "../../../support/money.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { byDay, byName, daysBefore, type SpendRow } from "../runs/spend-rows.ts";
import { count } from "../screen/format.ts";
import { printError, printJson, printLine, wantsJson } from "../screen/screen.ts";
import { table } from "../screen/table.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

const MAX_DAYS = 400;
const MAX_COMPARED = 20;
const BAR_COLUMNS = 24;

interface Options {
  days: string;
  json?: boolean;
}

interface Compared {
  deployment: string;
  /** In millionths of a dollar. */
  here: number;
  /** What the service says of all its runs; absent where it does not say. */
  service?: { micros: number; runs?: number };
}

export function addSpend(program: Command, context: CommandContext): void {
  const command = program
    .command("spend")
    .summary("what the runs of this machine have cost")
    .description(
      "Adds up what the runs started on this machine have cost, by day, host and agent, and compares it with what Seren Cloud says of\ntheir deployments. Costs are noted while [limits] is in the configuration file (docs/cost.md).",
    )
    .option("--days <n>", "how many days, today included", "7")
    .option("--json", "JSON instead of tables (the default when stdout is not a terminal)");
  examples(command, [
    ["seren-bridge spend", "this week"],
    ["seren-bridge spend --days 31 --json", "for a program"],
  ]);
  command.action(action(context, (options: Options) => spend(context, options)));
}

async function spend(context: Context, options: Options): Promise<ExitCode> {
  const { services, screen } = context;
  const days = daysIn(options.days);
  const now = services.ambient.now();
  const { entries, isKept } = await services.spend(daysBefore(now, days - 1));
  if (!isKept)
    printError(screen, "Nothing is noted: there is no [limits] in the configuration file. An empty one is enough.");
  const compared = await compare(context, entries);
  const total = entries.reduce((sum, { micros }) => sum + micros, 0);
  const [perDay, perHost, perAgent] = [
    byDay(entries, days, now),
    byName(entries, ({ host }) => host),
    byName(entries, ({ agent }) => agent),
  ];
  if (wantsJson(screen, options)) {
    printJson(screen, {
      days,
      ...jsonOf({ runs: entries.length, micros: total }),
      open: entries.filter(({ open }) => open).length,
      by_day: perDay.map(({ name, ...row }) => ({ day: name, ...jsonOf(row) })),
      by_host: perHost.map(({ name, ...row }) => ({ host: name, ...jsonOf(row) })),
      by_agent: perAgent.map(({ name, ...row }) => ({ agent: name, ...jsonOf(row) })),
      deployments: compared.map(({ deployment, here, service }) => ({
        deployment_id: deployment,
        usd: decimalOf(here),
        service_usd: service ? decimalOf(service.micros) : null,
        service_runs: service?.runs ?? null,
      })),
    });
    return EXIT.ok;
  }
  const open = entries.filter((entry) => entry.open).length;
  printLine(
    screen,
    `${dollars(total)} in ${count(entries.length, "run")}, ${count(days, "day")}${open > 0 ? ` (${open} may still go on)` : ""}`,
  );
  for (const [title, rows] of [
    ["DAY", perDay],
    ["HOST", perHost],
    ["AGENT", perAgent],
  ] as const) {
    if (rows.length > 0) printLine(screen, "", ...chart(context, title, rows));
  }
  if (compared.length > 0) {
    printLine(screen, "", ...comparison(context, compared));
    printLine(screen, screen.colors.dim("Seren Cloud counts the runs of all machines, since the deployment was made."));
  }
  return EXIT.ok;
}

function daysIn(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new ExecutionFailure("invalid_input", `--days is not a number from 1 to ${MAX_DAYS}`);
}

/** Asks the service about the deployments that runs went to. What it does not say is left out. */
async function compare({ services, screen }: Context, entries: readonly SpendEntry[]): Promise<Compared[]> {
  const ran = entries.filter((entry) => entry.deployment !== undefined);
  const rows = byName(ran, ({ deployment = "" }) => deployment).slice(0, MAX_COMPARED);
  if (rows.length === 0 || services.local) return [];
  try {
    const { organization } = await services.remote();
    return await Promise.all(
      rows.map(async ({ name, micros }) => {
        const service = await organization.spend(name).catch(() => undefined);
        return { deployment: name, here: micros, ...(service ? { service } : {}) };
      }),
    );
  } catch (error) {
    printError(screen, `Seren Cloud was not asked: ${asFailure(error).message}`);
    return [];
  }
}

function chart({ screen }: Context, title: string, rows: readonly SpendRow[]): string[] {
  const most = Math.max(1, ...rows.map(({ micros }) => micros));
  const [full, half] = screen.unicode ? ["█", "▌"] : ["#", ""];
  const bar = ({ micros }: SpendRow) => {
    const halves = Math.round((micros / most) * BAR_COLUMNS * 2);
    return full.repeat(Math.floor(halves / 2)) + (halves % 2 === 1 || (halves === 0 && micros > 0) ? half : "");
  };
  const { dim, cyan } = screen.colors;
  return table<SpendRow>(
    [
      { title, of: ({ name }) => name, min: 10 },
      { title: "RUNS", of: ({ runs }) => String(runs) },
      { title: "COST", of: ({ micros }) => dollars(micros) },
      { title: "", of: bar, min: 4, spare: 1, paint: cyan },
    ],
    rows,
    { writer: screen.stdout, columns: screen.stdout.columns, dim },
  );
}

function comparison({ screen }: Context, rows: readonly Compared[]): string[] {
  return table<Compared>(
    [
      { title: "DEPLOYMENT", of: ({ deployment }) => deployment },
      { title: "HERE", of: ({ here }) => dollars(here) },
      {
        title: "SEREN CLOUD",
        of: ({ service }) => (service ? dollars(service.micros) : "not said"),
      },
    ],
    rows,
    { writer: screen.stdout, columns: screen.stdout.columns, dim: screen.colors.dim },
  );
}

const jsonOf = ({ runs, micros }: { runs: number; micros: number }) => ({ runs, usd: decimalOf(micros) });
