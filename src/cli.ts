#!/usr/bin/env node
/**
 * Starts the front end that the first argument names; every other command line is the terminal's. For a host, stdout is
 * claimed before anything is loaded, and its first question is answered before the front end is loaded: that reply costs
 * no more than what this file imports.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { commandLine, HOST_FRONT_ENDS, serveTerminal } from "./app/front-ends.ts";
import { changedChunk } from "./app/verify-chunks.ts";
import { answerHandshake, claimStdout, closeLostTerminals, wholeOutput } from "./stdio/index.ts";
import { realAmbient } from "./support/ambient.ts";
import { writeProblem } from "./support/system-error.ts";

process.on("exit", closeLostTerminals);
const args = commandLine(process.argv.slice(2));
const programPath = fileURLToPath(import.meta.url);
const frontEnd = HOST_FRONT_ENDS.find(({ mode }) => mode === args[0]);
if (!frontEnd) {
  await requireUnchanged();
  process.exit(await serveTerminal(args));
}

const frames = claimStdout(process, wholeOutput(process.stdout));
const handshake = frontEnd.handshake?.(programPath);
const { heard, over } = handshake
  ? await answerHandshake({ input: process.stdin, output: frames, ambient: realAmbient }, handshake)
  : { heard: undefined, over: false };
if (!over) {
  await requireUnchanged();
  await frontEnd.serve({ frames, programPath, heard });
}
const problem = writeProblem(frames.errored);
if (problem !== undefined) process.stderr.write(`seren-bridge: stdout cannot be written: ${problem}\n`);
process.exit(problem === undefined ? 0 : 1);

/** Ends the program when a file beside this one is missing or is not the one it was built with. */
async function requireUnchanged(): Promise<void> {
  const changed = await changedChunk(dirname(programPath), __CHUNK_HASHES__);
  if (changed === undefined) return;
  process.stderr.write(`seren-bridge: ${changed}\n`);
  process.exit(1);
}
