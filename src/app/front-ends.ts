/**
 * The front ends: one row for each host that starts this program, and the terminal for every other command line. The entry,
 * the build and the terminal's help read this table.
 *
 * A row is part of the entry's bundle, so it may import only what the host's first reply needs. The front end itself is a
 * file in `front-ends/` that exports `serve`; the build makes a chunk of its own from each file there, and `serve` of the row
 * loads it after the first reply.
 */
import { acpHandshake, isLoginCommand } from "../adapters/acp/index.ts";
import { courierHandshake } from "../adapters/courier/index.ts";
import { deploymentHandshake } from "../adapters/deployment/index.ts";
import { mcpHandshake } from "../adapters/mcp/index.ts";
import { roderHandshake } from "../adapters/roder/index.ts";
import { readConfig } from "../config.ts";
import type { Handshake } from "../stdio/index.ts";
import type { HostStart } from "./serve-host.ts";

export interface HostFrontEnd {
  /** The first argument that selects it: `seren-bridge <mode>`. */
  mode: string;
  /** Its host starts this program by the hash of the entry, which then has to vouch for the rest. */
  isPinned?: boolean;
  /** One line for the terminal's help. */
  summary: string;
  /** Replies to the host's first question before the front end is loaded. Absent when the host does not wait for one. */
  handshake?(programPath: string): Handshake;
  /** Resolves when the host is gone. */
  serve(start: HostStart): Promise<void>;
}

export const HOST_FRONT_ENDS: readonly HostFrontEnd[] = [
  {
    mode: "courier",
    isPinned: true,
    summary: "the Dispatch courier plugin (JSON lines on stdin and stdout)",
    handshake: () => courierHandshake,
    serve: async (start) => (await import("./front-ends/courier.ts")).serve(start),
  },
  {
    mode: "deployment",
    isPinned: true,
    summary: "the Dispatch deployment plugin (JSON lines on stdin and stdout)",
    handshake: () => deploymentHandshake,
    serve: async (start) => (await import("./front-ends/deployment.ts")).serve(start),
  },
  {
    mode: "roder",
    summary: "the Roder process extension",
    handshake: (programPath) => roderHandshake(programPath, readConfig().roderManifest, __RODER_MANIFEST__),
    serve: async (start) => (await import("./front-ends/roder.ts")).serve({ ...start, shipped: __RODER_MANIFEST__ }),
  },
  {
    mode: "mcp",
    summary: "the MCP server, for coding agents and editors",
    handshake: () => mcpHandshake(__VERSION__),
    serve: async (start) => (await import("./front-ends/mcp.ts")).serve(start),
  },
  {
    mode: "acp",
    summary: "the ACP agent, for Zed, JetBrains IDEs and Neovim",
    handshake: () => acpHandshake(__VERSION__),
    serve: async (start) => (await import("./front-ends/acp.ts")).serve(start),
  },
];

/** Returns the command line that a start of this program means. */
export function commandLine(args: readonly string[]): readonly string[] {
  return isLoginCommand(args, "acp") ? ["login"] : args;
}

/** Runs a terminal command. Resolves with the exit code. */
export async function serveTerminal(args: readonly string[]): Promise<number> {
  return (await import("./front-ends/terminal.ts")).serve(args, HOST_FRONT_ENDS);
}
