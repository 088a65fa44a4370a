/** `deployments`: lists what stays on Seren Cloud between runs and deletes what is unused. */
import type { Command } from "commander";
import {
  type DeploymentRow,
  generalAgentTarget,
  isGeneralAgent,
  isMadeAhead,
  type Organization,
} from "../../../core/index.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { confirm } from "../screen/ask.ts";
import type { Colors } from "../screen/colors.ts";
import { age, count, parseDuration } from "../screen/format.ts";
import { printError, printJson, printLine, printUnreadable, wantsJson } from "../screen/screen.ts";
import { type Column, table } from "../screen/table.ts";
import { oneLine } from "../screen/text.ts";
import type { Context, Probe, Services } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

/** Name of a deployment of a parcel: `<slug>-<digest>-<options>`. */
const OF_PARCEL = /^[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{8}-[0-9a-f]{8}$/;
const isOurs = (name: string) => isGeneralAgent(name) || OF_PARCEL.test(name) || isMadeAhead(name);
const RECENT_RUNS = 100;
/** From this difference on nothing is deleted. */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;
/** The date of an HTTP response has whole seconds. */
const DATE_RESOLUTION_MS = 2_000;

export function addDeployments(program: Command, context: CommandContext): void {
  const deployments = program
    .command("deployments")
    .summary("list deployments, delete unused ones")
    .description(
      "A parcel or prompt gets a deployment at its first run; later runs reuse it. Deployments are only deleted by `prune`.",
    );
  examples(deployments, [
    ["seren-bridge deployments list", "list them"],
    ["seren-bridge deployments prune", "list unused ones; asks before it deletes"],
  ]);
  const list = deployments
    .command("list")
    .summary("list the deployments of your organization")
    .option("--json", "JSON instead of a table (the default when stdout is not a terminal)");
  examples(list, [["seren-bridge deployments list --json", "for a program"]]);
  list.action(action(context, (options: { json?: boolean }) => showList(context, options)));

  const prune = deployments
    .command("prune")
    .summary("delete unused deployments that seren-bridge created")
    .description(
      "Lists deployments of your organization that seren-bridge created (recognized by name) and that failed or had no run\nfor a while, and asks before it deletes them. Deployments with an active run, and those of others, are never listed.",
    )
    .option("-u, --unused-for <time>", "how long without a run, e.g. 7d, 12h", "30d")
    .option("-y, --yes", "do not ask");
  examples(prune, [["seren-bridge deployments prune --unused-for 7d", "list, then decide"]]);
  prune.action(action(context, (options: { unusedFor: string; yes?: boolean }) => pruneUnused(context, options)));
}

async function showList({ services, screen }: Context, options: { json?: boolean }): Promise<ExitCode> {
  const { organization } = await services.remote();
  const { rows, unreadable } = await organization.deployments();
  printUnreadable(screen, unreadable, "deployment");
  if (wantsJson(screen, options)) {
    printJson(
      screen,
      rows.map(({ createdAt, ...row }) => ({
        ...row,
        created_at: new Date(createdAt).toISOString(),
        ours: isOurs(row.name),
      })),
    );
    return EXIT.ok;
  }
  if (rows.length === 0 && unreadable === 0) {
    printLine(screen, "There are no deployments. The first run creates one.");
    return EXIT.ok;
  }
  printLine(
    screen,
    ...table(columns(screen.colors, services.ambient.now()), rows, {
      writer: screen.stdout,
      columns: screen.stdout.columns,
      dim: screen.colors.dim,
    }),
  );
  return EXIT.ok;
}

function columns(colors: Colors, now: number): Column<DeploymentRow>[] {
  return [
    { title: "NAME", of: ({ name }) => name, min: 16 },
    {
      title: "STATUS",
      of: ({ status, error }) => (error ? `${status}: ${error}` : status),
      min: 8,
      paint: (cell, { status }) => (status === "failed" ? colors.red(cell) : cell),
    },
    { title: "MODE", of: ({ mode }) => mode, spare: 2 },
    { title: "CREATED", of: ({ createdAt }) => `${age(now - createdAt)} ago`.replace("now ago", "now"), spare: 1 },
    { title: "OURS", of: ({ name }) => (isOurs(name) ? "yes" : ""), spare: 3 },
    { title: "ID", of: ({ id }) => id },
  ];
}

interface Candidate {
  row: DeploymentRow;
  lastUse: number;
}

async function pruneUnused(
  { services, screen }: Context,
  options: { unusedFor: string; yes?: boolean },
): Promise<ExitCode> {
  const unusedMs = parseDuration(options.unusedFor, "--unused-for");
  const { organization, probe } = await services.remote();
  const now = await serviceTime(services, probe);
  const candidates: Candidate[] = [];
  for (const row of (await organization.deployments()).rows) {
    const lastUse = isOurs(row.name) ? await lastUseOf(organization, row) : "active";
    if (lastUse === "active") continue;
    if (row.status === "failed" || (now - lastUse >= unusedMs && !isCurrentAgent(row)))
      candidates.push({ row, lastUse });
  }
  if (candidates.length === 0) {
    printLine(screen, `No deployment of seren-bridge failed or was unused for ${options.unusedFor}.`);
    return EXIT.ok;
  }
  printLine(
    screen,
    ...table<Candidate>(
      [
        { title: "NAME", of: ({ row }) => row.name, min: 16 },
        { title: "STATUS", of: ({ row }) => row.status },
        { title: "LAST USED", of: ({ lastUse }) => `${age(now - lastUse)} ago`.replace("now ago", "now") },
        { title: "ID", of: ({ row }) => row.id },
      ],
      candidates,
      { writer: screen.stdout, columns: screen.stdout.columns, dim: screen.colors.dim },
    ),
  );
  if (!options.yes) {
    if (!screen.interactive) {
      throw new ExecutionFailure(
        "invalid_input",
        "nothing was deleted: there is no terminal to ask on; --yes deletes them",
      );
    }
    if (!(await confirm(screen, `Delete ${count(candidates.length, "deployment")} for your whole organization?`))) {
      printLine(screen, "Nothing was deleted.");
      return EXIT.cancelled;
    }
  }
  let failed = 0;
  for (const { row } of candidates) {
    try {
      await organization.deleteDeployment(row.id);
    } catch (error) {
      failed += 1;
      printError(screen, `seren-bridge: ${oneLine(row.name)}: ${oneLine(asFailure(error).message)}`);
    }
  }
  printLine(screen, `${count(candidates.length - failed, "deployment")} deleted.`);
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

/**
 * The time of the service, whose times say when a deployment was used. Rejects where the clocks differ so much that one of them
 * is wrong, and where the service says no time: what was used a moment ago would look unused for days.
 */
async function serviceTime({ ambient }: Services, probe: Probe): Promise<number> {
  const { clockAheadMs } = await probe.call();
  const refuse = (why: string) => new ExecutionFailure("conflict", `nothing was deleted: ${why}`);
  if (clockAheadMs === undefined) {
    throw refuse(
      "the answers of Seren Cloud arrive without a date that can be read, so it is not certain what is unused; a proxy on the way may remove it",
    );
  }
  const off = Math.abs(clockAheadMs);
  if (off > MAX_CLOCK_DIFFERENCE_MS) {
    throw refuse(
      `the clocks of this machine and of Seren Cloud differ by ${age(off)}, so it is not certain what is unused; set this machine's clock (NTP) and try again`,
    );
  }
  return ambient.now() + (off < DATE_RESOLUTION_MS ? 0 : clockAheadMs);
}

async function lastUseOf(organization: Organization, { id, createdAt }: DeploymentRow): Promise<number | "active"> {
  const { rows, unreadable } = await organization.runs({ limit: RECENT_RUNS, deploymentId: id });
  // What cannot be read may be going on; without any time it is not known how long there was no run.
  if (unreadable > 0 || rows.some(({ endedAt }) => endedAt === undefined)) return "active";
  const lastUse = Math.max(createdAt, ...rows.map(({ endedAt = 0 }) => endedAt));
  return lastUse > 0 ? lastUse : "active";
}

/** Deleting it would be useless: the next prompt would create it again. */
function isCurrentAgent({ name }: DeploymentRow): boolean {
  const target = generalAgentTarget();
  return target.kind === "workload" && target.name === name;
}
