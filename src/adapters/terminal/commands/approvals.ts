/** `approvals`: lists and decides what waits for a person. */
import type { Command } from "commander";
import { type ApprovalRequest, approvalText, requestOfEntry, visibleText } from "../../../core/index.ts";
import { decideApproval } from "../approvals/decide-approval.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { agentNames } from "../runs/find-run.ts";
import { shortId } from "../runs/run-rows.ts";
import { printError, printJson, printLine, printUnreadable, wantsJson } from "../screen/screen.ts";
import { table } from "../screen/table.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

/** Rows of the table. JSON has all. */
const MAX_ROWS = 500;

export function addApprovals(program: Command, context: CommandContext): void {
  const approvals = program
    .command("approvals")
    .summary("show and decide what waits for you")
    .description("Runs that need an approval wait for a person. No command and no model decides for you.");
  examples(approvals, [
    ["seren-bridge approvals list", "list what waits"],
    ["seren-bridge approvals approve 1f3c", "show it in full, then allow it"],
    ["seren-bridge approvals reject 1f3c", "refuse it"],
  ]);
  const list = approvals
    .command("list")
    .summary("list what waits in your organization")
    .option("--json", "JSON instead of a table (the default when stdout is not a terminal)");
  examples(list, [["seren-bridge approvals list --json", "with the full arguments"]]);
  list.action(action(context, (options: { json?: boolean }) => showList(context, options)));
  for (const decision of ["approve", "reject"] as const) {
    const command = approvals
      .command(decision)
      .summary(decision === "approve" ? "allow what a run asks for" : "refuse what a run asks for")
      .description(
        "Shows every request with its full arguments and asks; of more than a terminal holds it says how much is not shown. All requests of a run are decided together; network requests that are held are decided one by one.",
      )
      .argument("<id>", "id of a run or of an entry of the inbox, or its beginning")
      .option("-y, --yes", "a person has decided; do not ask");
    examples(command, [[`seren-bridge approvals ${decision} 1f3c`, "shows, asks, decides"]]);
    if (decision === "approve") command.option("--always", "grant the lasting permission that the service offers, too");
    command.action(
      action(context, (id: string, { yes = false, always = false }: { yes?: boolean; always?: boolean }) =>
        decideApproval(context, id, { decision, yes, always }),
      ),
    );
  }
}

async function showList({ services, screen }: Context, options: { json?: boolean }): Promise<ExitCode> {
  const { approvals } = await services.remote();
  const { runs, entries, unreadable, inboxFailure } = await approvals.waiting();
  printUnreadable(screen, unreadable, "waiting request");
  if (inboxFailure) {
    printError(
      screen,
      `seren-bridge: the inbox could not be read, so network requests that are held may be missing here: ${inboxFailure.message}`,
    );
  }
  if (wantsJson(screen, options)) {
    printJson(screen, [
      ...runs.map(({ run, requests }) => ({
        run_id: run.runId,
        deployment_id: run.deploymentId,
        requests: requests.map(requestJson),
      })),
      ...entries.map((entry) => ({
        entry_id: entry.entryId,
        kind: entry.kind,
        run_id: entry.runId ?? null,
        deployment_id: entry.deploymentId ?? null,
        requests: [{ ...requestJson(requestOfEntry(entry)), lease: entry.lease }],
      })),
    ]);
    return EXIT.ok;
  }
  const rows = [
    ...runs.flatMap(({ run, requests }) =>
      requests.map((request) => ({ id: shortId(run.runId), deploymentId: run.deploymentId, request })),
    ),
    ...entries.map((entry) => ({
      id: visibleText(entry.entryId),
      deploymentId: entry.deploymentId ?? "",
      request: requestOfEntry(entry),
    })),
  ];
  if (rows.length === 0) {
    if (unreadable === 0) printLine(screen, "Nothing waits for an approval.");
    return EXIT.ok;
  }
  const agentOf = await agentNames(services);
  printLine(
    screen,
    ...table<{ id: string; deploymentId: string; request: ApprovalRequest }>(
      [
        { title: "ID", of: ({ id }) => id },
        { title: "AGENT", of: ({ deploymentId }) => agentOf(deploymentId), min: 12, spare: 2 },
        { title: "TOOL", of: ({ request }) => approvalText(request).tool },
        { title: "REASON", of: ({ request }) => approvalText(request).reason ?? "", min: 10 },
        { title: "ARGUMENTS", of: ({ request }) => approvalText(request).args.join(" "), min: 12, spare: 1 },
      ],
      rows.slice(0, MAX_ROWS),
      { writer: screen.stdout, columns: screen.stdout.columns, dim: screen.colors.dim },
    ),
    "",
    ...(rows.length > MAX_ROWS
      ? [`and ${rows.length - MAX_ROWS} more; all of them: seren-bridge approvals list --json`]
      : []),
    screen.colors.dim("Show one in full and decide it with: seren-bridge approvals approve <id>"),
  );
  return EXIT.ok;
}

function requestJson({ argsText, ...request }: ApprovalRequest): object {
  return { ...request, args_text: argsText };
}
