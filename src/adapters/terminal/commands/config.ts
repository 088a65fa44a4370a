/** `config`: the settings in effect; `schema`: JSON Schemas. */
import { Argument, type Command } from "commander";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { printJson, printLine, wantsJson } from "../screen/screen.ts";
import { table } from "../screen/table.ts";
import { type Context, SCHEMA_NAMES, type SchemaName, type SettingRow } from "../services.ts";
import { action, type CommandContext, examples } from "./command.ts";

interface Options {
  example?: boolean;
  json?: boolean;
}

export function addConfig(program: Command, context: CommandContext): void {
  const command = program
    .command("config")
    .summary("show the settings in effect and where each comes from")
    .description(
      "Shows every setting with its value and its origin. An option of a command comes before a variable of the environment, a\nvariable before the configuration file, the file before the default. Hosts read the same file, at their start.",
    )
    .option("--example", "print a file with every key, commented out")
    .option("--json", "JSON instead of a table (the default when stdout is not a terminal)");
  examples(command, [
    ["seren-bridge config", "what is in effect, and the place of the file"],
    ["seren-bridge config --example > config.toml", "a file to begin with"],
  ]);
  command.action(action(context, (options: Options) => show(context, options)));

  const schema = program
    .command("schema")
    .summary(
      "print the JSON Schema of the configuration file, of run --json, of a batch's results, or of a Roder task's input",
    )
    .description("Prints a JSON Schema, for editors and for programs that write or read one of these.")
    .addArgument(new Argument("<what>", "what it describes").choices(SCHEMA_NAMES));
  examples(schema, [
    ["seren-bridge schema config > config.schema.json", "the configuration file"],
    ["seren-bridge schema run", "a line of run --json"],
    ["seren-bridge schema task-input", "the input of a Roder task"],
  ]);
  schema.action(
    action(context, async (what: SchemaName) => {
      printJson(context.screen, await context.services.schema(what));
      return EXIT.ok;
    }),
  );
}

async function show({ services, screen }: Context, options: Options): Promise<ExitCode> {
  if (options.example) {
    printLine(screen, (await services.settingsExample()).trimEnd());
    return EXIT.ok;
  }
  const { path, isThere, settings } = await services.settings();
  const key = await services.keys.source();
  if (wantsJson(screen, options)) {
    const { from } = key;
    printJson(screen, {
      file: { ...(path === undefined ? {} : { path }), exists: isThere },
      api_key: { from, ...(from === "file" ? { path: key.path } : {}) },
      settings: settings.map(({ name: _, ...setting }) => setting),
    });
    return EXIT.ok;
  }
  const { dim } = screen.colors;
  const keyFrom = { local: "not needed", environment: "SEREN_API_KEY", file: "stored by login", none: "none" }[
    key.from
  ];
  printLine(
    screen,
    `Configuration file: ${path === undefined ? "none" : `${path}${isThere ? "" : " (does not exist)"}`}`,
    `API key: ${keyFrom}`,
    "",
    ...table<SettingRow>(
      [
        { title: "KEY", of: ({ key }) => key },
        { title: "VALUE", of: ({ value }) => value ?? "", min: 12 },
        { title: "FROM", of: originOf, paint: (cell, { from }) => (from === "default" ? dim(cell) : cell) },
      ],
      settings,
      { writer: screen.stdout, columns: screen.stdout.columns, dim },
    ),
  );
  return EXIT.ok;
}

function originOf({ from, name = "" }: SettingRow): string {
  return from === "environment" ? name : from;
}
