#!/usr/bin/env node
/**
 * Starts the front end that the first argument names; every other command line is the terminal's. For a host, stdout is
 * claimed before anything is loaded, and its first question is answered before the front end is loaded: that reply costs
 * no more than what this file imports.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { keepCompiledCode } from "./app/compile-cache.ts";
import { commandLine, HOST_FRONT_ENDS, serveTerminal } from "./app/front-ends.ts";
import { type Check, changedChunk } from "./app/verify-chunks.ts";
import { readConfig } from "./config.ts";
import { answerHandshake, claimStdout, closeLostTerminals, wholeOutput } from "./stdio/index.ts";
import { realAmbient } from "./support/ambient.ts";
import { writeProblem } from "./support/system-error.ts";

const VERSION_WORDS: ReadonlySet<string> = new Set(["-v", "--version"]);

process.on("exit", closeLostTerminals);
const args = commandLine(process.argv.slice(2));
const programPath = fileURLToPath(import.meta.url);
if (args.length === 1 && VERSION_WORDS.has(args[0] ?? "")) await printVersion();
const frontEnd = HOST_FRONT_ENDS.find(({ mode }) => mode === args[0]);
if (!frontEnd) {
  await prepare(args[0] === "doctor" ? "hashes" : "sizes");
  process.exit(await serveTerminal(args));
}

const frames = claimStdout(process, wholeOutput(process.stdout));
const handshake = frontEnd.handshake?.(programPath);
const { heard, over } = handshake
  ? await answerHandshake({ input: process.stdin, output: frames, ambient: realAmbient }, handshake)
  : { heard: undefined, over: false };
if (!over) {
  await prepare(frontEnd.isPinned ? { hashesOf: frontEnd.mode } : "sizes");
  await frontEnd.serve({ frames, programPath, heard });
}
exitAfter(frames.errored);

function exitAfter(error: Error | null | undefined): never {
  const problem = writeProblem(error);
  if (problem !== undefined) process.stderr.write(`seren-bridge: stdout cannot be written: ${problem}\n`);
  process.exit(problem === undefined ? 0 : 1);
}

/** Needs nothing of the program. */
async function printVersion(): Promise<never> {
  const output = wholeOutput(process.stdout);
  output.on("error", () => undefined); // told at the end
  return exitAfter(await new Promise((resolve) => void output.write(`${__VERSION__}\n`, resolve)));
}

/** Comes before the rest is loaded. Ends the program when a file beside this one is missing or is not the one it was built with. */
async function prepare(check: Check): Promise<void> {
  await keepCompiledCode(readConfig().variable, realAmbient);
  const changed = await changedChunk(dirname(programPath), __CHUNK_HASHES__, check);
  if (changed === undefined) return;
  process.stderr.write(`seren-bridge: ${changed}\n`);
  process.exit(1);
}
