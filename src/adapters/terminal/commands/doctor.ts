/** `doctor`: checks the installation and names the fix for each problem. */
import type { Command } from "commander";
import type { Finding, FindingState } from "../../../install/index.ts";
import { machineFindings, silentHome } from "../doctor/machine.ts";
import { serviceFindings } from "../doctor/service.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { count } from "../screen/format.ts";
import { printJson, printLine } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import { padTo } from "../screen/width.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

export function addDoctor(program: Command, context: CommandContext): void {
  const hosts = context.services.installers.map(({ name }) => name).join(" and ");
  const command = program
    .command("doctor")
    .summary("check this installation and name the fixes")
    .description(
      `Checks Node, files, the API key, the connection to Seren Cloud, ${hosts}. Nothing is started or changed,\nand what it writes to try the state folder is removed at once. The exit code is 1 when there is a problem.`,
    )
    .option("--json", "print JSON");
  examples(command, [
    ["seren-bridge doctor", "all checks"],
    ["seren-bridge doctor --json", "for a program: a list of {id, title, state, detail, fix}"],
  ]);
  command.action(action(context, (options: { json?: boolean }) => check(context, options)));
}

async function check({ services, screen }: Context, options: { json?: boolean }): Promise<ExitCode> {
  // Each call that hangs holds one of Node's few threads: the hosts' files are not asked for where the home folder is gone.
  const silent = await silentHome(services);
  const groups = await Promise.all([
    machineFindings(services),
    serviceFindings(services),
    ...(silent ? [[silent]] : services.installers.map((installer) => installer.check(services))),
  ]);
  const findings = groups.flat().map((finding) => ({ ...finding, detail: services.redactor.redact(finding.detail) }));
  const problems = findings.filter(({ state }) => state === "problem").length;
  if (options.json) printJson(screen, findings);
  else {
    const { dim, green, yellow, red } = screen.colors;
    const marks: Readonly<Record<FindingState, string>> = screen.unicode
      ? { ok: green("✓"), warning: yellow("!"), problem: red("✗"), skipped: dim("-") }
      : { ok: green("ok  "), warning: yellow("warn"), problem: red("FAIL"), skipped: dim("-   ") };
    const width = Math.max(...findings.map(({ title }) => title.length));
    const shown = ({ title, state, detail, fix }: Finding) => {
      printLine(
        screen,
        `${marks[state]} ${padTo(title, width)}  ${state === "skipped" ? dim(oneLine(detail)) : oneLine(detail)}`,
      );
      if (fix) printLine(screen, `${" ".repeat(width + (screen.unicode ? 4 : 7))}${dim("fix:")} ${oneLine(fix)}`);
    };
    findings.forEach(shown);
    printLine(screen, "", problems === 0 ? green("No problems found.") : red(`${count(problems, "problem")} to fix.`));
  }
  return problems === 0 ? EXIT.ok : EXIT.failed;
}
