/** Starts of programs, compared: each round starts every one of them once, in an order of its own. */

import { spawn } from "node:child_process";
import type { Command } from "./places.ts";

export interface Start {
  command: Command;
  /** What its host asks, each after the reply to the one before. None: a command that is awaited. */
  asks: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** Milliseconds from the start to the last reply, or, for a one-shot, to the exit. A sample a round, by name. */
export async function compareStarts<Name extends string>(
  starts: Readonly<Record<Name, Start>>,
  rounds: number,
  until: "reply" | "exit",
): Promise<Record<Name, number[]>> {
  const names = Object.keys(starts) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of turned(names, round)) samples[name].push(await oneStart(starts[name], until));
  }
  return samples;
}

/** Another one goes first each round, so that none is always measured behind the same neighbour's leftovers. */
export function turned<T>(all: readonly T[], by: number): T[] {
  const at = by % all.length;
  const order = [...all.slice(at), ...all.slice(0, at)];
  return by % (2 * all.length) < all.length ? order : order.reverse();
}

export function oneStart(start: Start, until: "reply" | "exit"): Promise<number> {
  const { command, asks, env, cwd } = start;
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["pipe", "pipe", "ignore"],
      cwd,
    });
    let said = "";
    let asked = 0;
    let replied: number | undefined;
    const askNext = () => {
      child.stdin.write(asks[asked] ?? "");
      asked += 1;
      // Dispatch closes stdin right after a one-shot's request.
      if (until === "exit" && asked >= asks.length) child.stdin.end();
    };
    child.stdin.on("error", () => undefined);
    askNext();
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const replies = repliesIn(said).length;
      if (replies < asks.length) {
        if (replies === asked) askNext();
        return;
      }
      replied ??= performance.now() - began;
      if (until === "reply") child.kill("SIGKILL");
    });
    child.once("error", reject);
    child.once("close", (code) => {
      const failed =
        replied === undefined || repliesIn(said).some((line) => line.includes('"error":')) || (code ?? 0) > 0;
      if (failed) reject(new Error(`${command.join(" ")} said: ${said}`));
      else resolve(until === "reply" ? (replied ?? Number.NaN) : performance.now() - began);
    });
  });
}

/** Whole lines that answer a request. */
const repliesIn = (said: string): string[] =>
  said
    .slice(0, said.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line.includes('"id":'));
