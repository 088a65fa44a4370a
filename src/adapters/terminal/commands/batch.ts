/** `batch`: many prompts, each as a run of its own. */
import { type Command, Option } from "commander";
import { type BatchOptions, DEFAULT_CONCURRENCY, MOST_CONCURRENCY } from "../batch/batch-options.ts";
import { action, type CommandContext, examples } from "./command.ts";
import { SAVE_ARTIFACTS } from "./start-run.ts";

export function addBatch(program: Command, context: CommandContext): void {
  const command = program
    .command("batch")
    .summary("run many prompts, each as a run of its own, and collect the results")
    .description(
      "Runs each row of a file, some at a time, and writes one result a row, in the order of the rows. Each row is started once at\nmost, whatever happens: after an interruption --resume follows what was started and begins the rest.\nEach run costs what Seren Cloud charges your organization; --dry-run estimates it.",
    )
    .argument("[rows]", "a file of JSON lines or a .csv with column names, or - for stdin; not with --resume")
    .requiredOption("-o, --out <file>", "where the results go: one JSON object a line (seren-bridge schema batch)")
    .option("--template <text>", "the prompt of each row, with {column} for what the row has there (default: {prompt})")
    .option("-n, --concurrency <n>", `runs at a time, at most ${MOST_CONCURRENCY} (default: ${DEFAULT_CONCURRENCY})`)
    .option("-d, --deployment <id>", "run on this deployment instead of the general agent")
    .option("-m, --model <id>", "run the general agent on this model, e.g. anthropic/claude-sonnet-4.6")
    .option("-t, --timeout <time>", "cancel a run after this long, e.g. 90s, 15m, 2h (default: 30m)")
    .addOption(
      new Option(
        "--approvals <how>",
        "when a run asks for an approval: wait (default), or leave it waiting and go on",
      ).choices(["wait", "return"]),
    )
    .option(...SAVE_ARTIFACTS)
    .option("--resume", "go on with the batch whose results go to --out")
    .option("--dry-run", "start nothing: show the first prompt and what the batch may cost");
  examples(command, [
    ["seren-bridge batch prompts.jsonl --out results.jsonl", 'rows such as {"prompt": "What to do"}'],
    ["seren-bridge batch cities.csv --template 'What is {city} known for?' --out results.jsonl", "a table"],
    [
      "seren-bridge batch cities.csv --template 'What is {city} known for?' --out results.jsonl --dry-run",
      "what it may cost",
    ],
    ["seren-bridge batch --resume --out results.jsonl", "after an interruption"],
  ]);
  command.action(
    action(context, async (rows: string | undefined, options: BatchOptions) => {
      const { beginBatch, resumeBatch } = await import("../batch/begin-batch.ts");
      return options.resume ? resumeBatch(context, rows, options) : beginBatch(context, rows, options);
    }),
  );
}
