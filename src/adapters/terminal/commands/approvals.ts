/** `approvals`: lists and decides what waits for a person. */
import type { Command } from "commander";
import { type ApprovalDecision, type ApprovalRequest, approvalText, type RunRef } from "../../../core/index.ts";
import { decideApproval } from "../approvals/decide-approval.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { agentNames, findRunId } from "../runs/find-run.ts";
import { shortId } from "../runs/run-rows.ts";
import { printJson, printLine, printUnreadable, wantsJson } from "../screen/screen.ts";
import { table } from "../screen/table.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

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
        "Shows every request of the run with its full arguments and asks. All requests of a run are decided together.",
      )
      .argument("<run>", "id of the run, or its beginning")
      .option("-y, --yes", "a person has decided; do not ask");
    examples(command, [[`seren-bridge approvals ${decision} 1f3c`, "shows, asks, decides"]]);
    command.action(
      action(context, (run: string, options: { yes?: boolean }) => decideOne(context, run, decision, options)),
    );
  }
}

async function decideOne(
  context: Context,
  typed: string,
  decision: ApprovalDecision,
  options: { yes?: boolean },
): Promise<ExitCode> {
  return decideApproval(context, {
    runId: await findRunId(context.services, typed),
    decision,
    yes: options.yes === true,
  });
}

async function showList({ services, screen }: Context, options: { json?: boolean }): Promise<ExitCode> {
  const { approvals } = await services.remote();
  const { rows: waiting, unreadable } = await approvals.waiting();
  printUnreadable(screen, unreadable, "waiting run");
  if (wantsJson(screen, options)) {
    printJson(
      screen,
      waiting.map(({ run, requests }) => ({
        run_id: run.runId,
        deployment_id: run.deploymentId,
        requests: requests.map(({ argsText, ...request }) => ({ ...request, args_text: argsText })),
      })),
    );
    return EXIT.ok;
  }
  const rows = waiting.flatMap(({ run, requests }) => requests.map((request) => ({ run, request })));
  if (rows.length === 0 && unreadable === 0) {
    printLine(screen, "Nothing waits for an approval.");
    return EXIT.ok;
  }
  const agentOf = await agentNames(services);
  printLine(
    screen,
    ...table<{ run: RunRef; request: ApprovalRequest }>(
      [
        { title: "RUN", of: ({ run }) => shortId(run.runId) },
        { title: "AGENT", of: ({ run }) => agentOf(run.deploymentId), min: 12, spare: 2 },
        { title: "TOOL", of: ({ request }) => approvalText(request).tool },
        { title: "REASON", of: ({ request }) => approvalText(request).reason ?? "", min: 10 },
        { title: "ARGUMENTS", of: ({ request }) => approvalText(request).args.join(" "), min: 12, spare: 1 },
      ],
      rows,
      { columns: screen.stdout.columns, dim: screen.colors.dim },
    ),
    "",
    screen.colors.dim("Show one in full and decide it with: seren-bridge approvals approve <run>"),
  );
  return EXIT.ok;
}
