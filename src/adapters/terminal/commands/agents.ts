/** `agents`: lists what a run can go to. */
import type { Command } from "commander";
import { type DeploymentRow, generalAgentTarget } from "../../../core/index.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printJson, printLine, printUnreadable, wantsJson } from "../screen/screen.ts";
import { table } from "../screen/table.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

interface Agent {
  name: string;
  status: string;
  mode: string;
  model?: string;
  deploymentId?: string;
}

export function addAgents(program: Command, context: CommandContext): void {
  const command = program
    .command("agents")
    .summary("list what a run can go to")
    .description(
      "Lists the general agent, which runs prompts that name no other, and the deployments of your organization.",
    )
    .option("--json", "JSON instead of a table (the default when stdout is not a terminal)");
  examples(command, [
    ["seren-bridge agents", "list them"],
    ["seren-bridge run -d <deployment id> 'hello'", "run on one of them"],
  ]);
  command.action(action(context, (options: { json?: boolean }) => list(context, options)));
}

async function list({ services, screen }: Context, options: { json?: boolean }): Promise<ExitCode> {
  const { organization } = await services.remote();
  const { rows, unreadable } = await organization.deployments();
  printUnreadable(screen, unreadable, "deployment");
  const agents = agentRows(rows);
  if (wantsJson(screen, options)) {
    printJson(
      screen,
      agents.map(({ deploymentId, ...agent }) => ({
        ...agent,
        ...(deploymentId ? { deployment_id: deploymentId } : {}),
      })),
    );
    return EXIT.ok;
  }
  printLine(
    screen,
    ...table<Agent>(
      [
        { title: "AGENT", of: ({ name }) => name, min: 16 },
        { title: "STATUS", of: ({ status }) => status, spare: 1 },
        { title: "MODE", of: ({ mode }) => mode, spare: 2 },
        { title: "MODEL", of: ({ model }) => model ?? "", min: 10, spare: 3 },
        { title: "DEPLOYMENT", of: ({ deploymentId }) => deploymentId ?? "" },
      ],
      agents,
      { writer: screen.stdout, columns: screen.stdout.columns, dim: screen.colors.dim },
    ),
  );
  return EXIT.ok;
}

/** Returns the general agent first, deployed or not. */
function agentRows(deployments: readonly DeploymentRow[]): Agent[] {
  const target = generalAgentTarget();
  const generalName = target.kind === "workload" ? target.name : "";
  const general = deployments.find(({ name, status }) => name === generalName && status !== "failed");
  const agentOf = ({ id, name, status, mode, model }: DeploymentRow): Agent => ({
    name,
    status,
    mode,
    deploymentId: id,
    ...(model ? { model } : {}),
  });
  const first: Agent = general
    ? { ...agentOf(general), name: "general (default)" }
    : { name: "general (default)", status: "created at first use", mode: "job" };
  return [first, ...deployments.filter((one) => one !== general).map(agentOf)];
}
