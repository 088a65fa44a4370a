/** `runs export`: the whole transcript of a run as a document. */
import { lstat } from "node:fs/promises";
import { extname } from "node:path";
import { type Command, Option } from "commander";
import { ExecutionFailure } from "../../../support/failure.ts";
import { redactMember } from "../../../support/protocol-words.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { Document, Format } from "../export/index.ts";
import { agentNames, findRunId } from "../runs/find-run.ts";
import { printError } from "../screen/screen.ts";
import type { Context } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

const FORMATS: readonly Format[] = ["md", "html", "jsonl"];

/** A transcript may hold what only its owner should see. */
const OWNER_ONLY = 0o600;

interface ExportOptions {
  format?: Format;
  out?: string;
  force?: boolean;
}

export function addExport(runs: Command, context: CommandContext): void {
  const command = runs
    .command("export")
    .summary("keep a run: its whole transcript as a page, Markdown or JSON lines")
    .description(
      "Writes what the run was asked for, what it said and did, its cost and its files as a document. A page is one file that needs\nnothing else and has no scripts. A run that is still going is written as it is now.",
    )
    .argument("<run>", "id of the run, or its beginning")
    .addOption(new Option("-f, --format <format>", "default: by the ending of --out, else md").choices(FORMATS))
    .option("-o, --out <file>", "write this file instead of stdout (-)")
    .option("--force", "replace the file if there is one");
  examples(command, [
    ["seren-bridge runs export 1f3c --out run.html", "a page for people"],
    ["seren-bridge runs export 1f3c --format jsonl | jq -r 'select(.type == \"tool_call\").name'", "for a program"],
  ]);
  command.action(action(context, (run: string, options: ExportOptions) => exportRun(context, run, options)));
}

async function exportRun(context: Context, typed: string, { force, ...options }: ExportOptions): Promise<ExitCode> {
  const { services, screen } = context;
  const out = options.out === "-" ? undefined : options.out; // as everywhere, - is a stream
  const format = options.format ?? formatOf(out) ?? "md";
  if (out !== undefined && !force) await refuseToReplace(out);
  const runId = await findRunId(services, typed);
  const { transcript: read } = await services.remote();
  const [transcript, agentOf] = await Promise.all([read(runId), agentNames(services)]);
  const { documentOf } = await import("../export/index.ts");
  const agent = services.redactor.redact(agentOf(transcript.run.deploymentId));
  const document = documentOf(format, { transcript, agent, version: services.version });
  if (out === undefined) await print(context, document);
  else {
    await services.writeFile(out, textOf(context, document), OWNER_ONLY);
    printError(screen, `saved as ${out}`);
  }
  return EXIT.ok;
}

function formatOf(out: string | undefined): Format | undefined {
  const ending = extname(out ?? "")
    .slice(1)
    .toLowerCase();
  return FORMATS.find((format) => format === ending);
}

/** Waits for a slow reader, so that no more than a piece is held. */
async function print({ screen }: Context, document: Document): Promise<void> {
  if ("text" in document) for (const piece of document.text) await screen.stdout.write(piece);
  else for (const line of document.lines) await screen.stdout.json(line);
}

function textOf({ services }: Context, document: Document): string {
  if ("text" in document) return [...document.text].join("");
  const clean = (name: string, member: unknown) =>
    typeof member === "string" ? redactMember(name, member, services.redactor) : member;
  return [...document.lines].map((line) => `${JSON.stringify(line, clean)}\n`).join("");
}

async function refuseToReplace(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw new ExecutionFailure("conflict", `${path} is there already; --force replaces it`);
}
