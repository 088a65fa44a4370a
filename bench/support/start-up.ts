/** Starts of programs, compared: each round starts every one of them once, in an order of its own. */

import { spawn } from "node:child_process";
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { CLIENT, envelope } from "../../test/support/child-process/mcp-envelope.ts";
import { INITIALIZE } from "../../test/support/child-process/roder-initialize.ts";
import type { Command, Mode } from "./places.ts";
import { median } from "./stats.ts";

const capabilities = { kind: "capabilities", protocol_version: COURIER_PROTOCOL_VERSION };

/** What each host asks first. */
export const FIRST_LINE: Readonly<Record<Mode | "mcp, probed", string>> = {
  courier: `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "courier.capabilities", params: capabilities })}\n`,
  roder: `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "extension/initialize", params: INITIALIZE })}\n`,
  mcp: `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: CLIENT } })}\n`,
  acp: `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: 1, clientCapabilities: {}, clientInfo: CLIENT } })}\n`,
  "mcp, probed": `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "server/discover", params: { _meta: envelope() } })}\n`,
};

export interface Start {
  command: Command;
  mode: keyof typeof FIRST_LINE;
  env?: Record<string, string>;
  cwd?: string;
}

/** Milliseconds from the start to the first bytes of the reply, or, for a one-shot, to the exit. Medians by name. */
export async function compareStarts<Name extends string>(
  starts: Readonly<Record<Name, Start>>,
  rounds: number,
  until: "reply" | "exit",
): Promise<Record<Name, number>> {
  const names = Object.keys(starts) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of turned(names, round)) samples[name].push(await oneStart(starts[name], until));
  }
  return Object.fromEntries(names.map((name) => [name, median(samples[name])])) as Record<Name, number>;
}

/** Another one goes first each round, so that none is always measured behind the same neighbour's leftovers. */
function turned<T>(all: readonly T[], by: number): T[] {
  const at = by % all.length;
  const order = [...all.slice(at), ...all.slice(0, at)];
  return by % (2 * all.length) < all.length ? order : order.reverse();
}

function oneStart(
  { command: [program = "", ...args], mode, env, cwd }: Start,
  until: "reply" | "exit",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["pipe", "pipe", "ignore"],
      cwd,
    });
    let replied: number | undefined;
    child.stdin.on("error", () => undefined);
    child.stdin.write(FIRST_LINE[mode]);
    if (until === "exit") child.stdin.end(); // Dispatch closes stdin right after a one-shot's request
    child.stdout.on("data", () => {
      replied ??= performance.now() - began;
      if (until === "reply") child.kill("SIGKILL");
    });
    child.once("error", reject);
    child.once("close", () => {
      if (replied === undefined) reject(new Error(`${program} ${args.join(" ")} said nothing`));
      else resolve(until === "reply" ? replied : performance.now() - began);
    });
  });
}
