/** The installed package as a user runs it, on a Node of the caller's choice. */

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { PROTOCOL_VERSION } from "#protocols/roder-extension";
import { CUT, USE } from "./programs.ts";

const run = promisify(execFile);
const COURIER = { jsonrpc: "2.0", id: 1, method: "courier.capabilities" };

export interface ProgramRun {
  /** Where the package is installed; also the home of the program. */
  folder: string;
  args: string[];
  /** Default: the Node that runs the tests. */
  node?: string;
  /** Whether every address but loopback fails. Default: false. */
  offline?: boolean;
  stdin?: string;
}

/** Returns what the program printed on stdout. Rejects when its exit code is not 0. */
export async function runProgram({ folder, args, node = process.execPath, offline = false, stdin = "" }: ProgramRun) {
  const env = { PATH: "", HOME: folder, SEREN_API_BASE: "local", SEREN_BRIDGE_STATE_DIR: join(folder, "state") };
  const cut = join(folder, "cut.mjs");
  writeFileSync(cut, CUT);
  const child = run(node, [...(offline ? ["--import", cut] : []), ...args], { cwd: folder, env });
  child.child.stdin?.end(stdin);
  return (await child).stdout;
}

/** Tests of the executable and of the library on one Node. `folder` is asked for when a test begins. */
export function describeProgram({ name, node }: { name: string; node: string }, folder: () => string): void {
  const program = (offline: boolean, args: string[], stdin?: string) =>
    runProgram({ folder: folder(), args, node, offline, ...(stdin === undefined ? {} : { stdin }) });
  const bin = () => join(folder(), "node_modules", "seren-bridge", "dist", "seren-bridge.mjs");

  describe(`on ${name}`, () => {
    test.each([
      ["with network", false],
      ["without network", true],
    ])("the executable, %s", async (_, offline) => {
      expect(await program(offline, [bin(), "--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
      expect(await program(offline, [bin(), "run", "hello"])).toContain("You said: hello");
      const params = { kind: "capabilities", protocol_version: COURIER_PROTOCOL_VERSION };
      const line = `${JSON.stringify({ ...COURIER, params })}\n`;
      expect(JSON.parse(await program(offline, [bin(), "courier"], line)).result.capabilities.courier_id).toBe(
        "seren-cloud",
      );
      const initialize = {
        protocolVersion: PROTOCOL_VERSION,
        extensionId: "roder-ext-seren-cloud",
        apiVersion: "0.1.0",
      };
      const handshake = `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "extension/initialize", params: initialize })}\n`;
      const { result } = JSON.parse(await program(offline, [bin(), "roder"], handshake));
      expect(result.services.map(({ id }: { id: string }) => id)).toEqual([
        "seren-cloud",
        "seren-cloud-run",
        "seren-cloud-tools",
      ]);
    });

    test.each([
      ["with network", false],
      ["without network", true],
    ])("the library, %s", async (_, offline) => {
      const use = join(folder(), "use.mjs");
      writeFileSync(use, USE);
      expect(JSON.parse(await program(offline, [use]))).toEqual({
        kind: "completed",
        text: expect.stringMatching(/^You said: hello\n/),
        streamed: true,
        stopped: "cancelled",
        report: expect.any(String),
        deployments: 1,
        refused: "unauthorized",
      });
    });
  });
}
