/** The places of the command line and what may follow in each, read from the tree of commands. */
import type { Argument, Command, Option } from "commander";

/** What may be typed in a place besides options and commands. */
export type Value = "files" | readonly string[];

export interface Word {
  word: string;
  meaning: string;
}

export interface OptionWord extends Word {
  /** One letter, without its dash. */
  short?: string | undefined;
  /** Undefined when the option takes no value; empty when any value may follow. */
  value?: Value | undefined;
}

/** A place in the tree: the commands that lead there, joined by spaces, and what may follow. */
export interface Place {
  path: string;
  commands: readonly Word[];
  options: readonly OptionWord[];
  argument: Value;
}

/** Arguments and values that are paths on disk, by their names. */
const PATHS = /^(what|folder|plan|rows|file)$/;

export function placesOf(command: Command, path = ""): Place[] {
  const help = command.createHelp();
  return [
    {
      path,
      commands: help.visibleCommands(command).map((one) => ({ word: one.name(), meaning: one.summary() || "help" })),
      options: help.visibleOptions(command).map(optionWord),
      argument: command.registeredArguments.map(afterArgument)[0] ?? [],
    },
    ...command.commands.flatMap((child) => placesOf(child, `${path} ${child.name()}`.trim())),
  ];
}

/** Returns the options that take a value: the ways to type each, and the values. */
export function valuedOptions({ options }: Place): { flags: string[]; value: Value }[] {
  return options.flatMap(({ word, short, value }) =>
    value === undefined ? [] : [{ flags: short ? [word, `-${short}`] : [word], value }],
  );
}

function optionWord(option: Option): OptionWord {
  const { long, short, description, flags, argChoices } = option;
  const name = /<([^<>]+)>/.exec(flags)?.[1];
  return {
    word: long ?? short ?? "",
    meaning: description,
    short: short?.slice(1),
    value: name === undefined ? undefined : (argChoices ?? (PATHS.test(name) ? "files" : [])),
  };
}

function afterArgument(argument: Argument): Value {
  return argument.argChoices ?? (PATHS.test(argument.name()) ? "files" : []);
}
