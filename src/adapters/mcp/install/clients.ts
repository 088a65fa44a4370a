/** The clients: where each keeps its servers, and in which words. `docs/reference/mcp-server.md`, section 7. */
import { join } from "node:path";
import type { Client, Command, InstallContext } from "../../../install/index.ts";

const SERVER_NAME = "seren";

/** A call of a tool that waits 45 s must not run into the limit of a client. */
const CODEX_LIMIT_SECONDS = 120;
const GOOSE_LIMIT_SECONDS = 300;
const OPENCODE_LIMIT_MS = 60_000;

const env = ({ env }: Command) => (Object.keys(env).length > 0 ? { env } : {});
const plain = (command: Command) => ({ command: command.command, args: command.args, ...env(command) });
const stdio = (command: Command) => ({ type: "stdio", ...plain(command) });
const words = ({ command, args }: Command) =>
  [command, ...args].map((word) => (/^[\w./:\\-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
const inHome =
  (...parts: string[]) =>
  ({ paths }: InstallContext) =>
    join(paths.home, ...parts);

/** Where VS Code keeps the settings of a user. */
function codeFolder({ paths, variable }: InstallContext): string {
  if (process.platform === "win32") return join(variable("APPDATA") ?? paths.home, "Code", "User");
  if (process.platform === "darwin") return join(paths.home, "Library", "Application Support", "Code", "User");
  return join(variable("XDG_CONFIG_HOME") ?? join(paths.home, ".config"), "Code", "User");
}

function gooseFile({ paths, variable }: InstallContext): string {
  return process.platform === "win32"
    ? join(variable("APPDATA") ?? paths.home, "Block", "goose", "config", "config.yaml")
    : join(paths.home, ".config", "goose", "config.yaml");
}

export const CLIENTS: readonly Client[] = [
  {
    id: "claude-code",
    name: "Claude Code",
    program: "claude",
    format: "json",
    file: inHome(".claude.json"),
    path: ["mcpServers", SERVER_NAME],
    entry: stdio,
    ownCommand: (command) => `claude mcp add --scope user ${SERVER_NAME} -- ${words(command)}`,
  },
  {
    id: "codex",
    name: "Codex CLI",
    program: "codex",
    format: "toml",
    file: (context) => join(context.variable("CODEX_HOME") ?? join(context.paths.home, ".codex"), "config.toml"),
    path: ["mcp_servers", SERVER_NAME],
    entry: (command) => ({ ...plain(command), tool_timeout_sec: CODEX_LIMIT_SECONDS }),
    ownCommand: (command) => `codex mcp add ${SERVER_NAME} -- ${words(command)}`,
  },
  {
    id: "cursor",
    name: "Cursor",
    program: "cursor",
    format: "json",
    file: inHome(".cursor", "mcp.json"),
    path: ["mcpServers", SERVER_NAME],
    entry: plain,
  },
  {
    id: "vscode",
    name: "VS Code",
    program: "code",
    format: "json",
    file: (context) => join(codeFolder(context), "mcp.json"),
    path: ["servers", SERVER_NAME],
    entry: stdio,
    ownCommand: ({ command, args }) => `code --add-mcp '${JSON.stringify({ name: SERVER_NAME, command, args })}'`,
  },
  {
    id: "gemini",
    name: "Gemini CLI",
    program: "gemini",
    format: "json",
    file: inHome(".gemini", "settings.json"),
    path: ["mcpServers", SERVER_NAME],
    entry: plain,
    ownCommand: (command) => `gemini mcp add -s user ${SERVER_NAME} ${words(command)}`,
  },
  {
    id: "goose",
    name: "goose",
    program: "goose",
    format: "yaml",
    file: gooseFile,
    path: ["extensions", SERVER_NAME],
    entry: ({ command, args, env }) => ({
      name: SERVER_NAME,
      type: "stdio",
      cmd: command,
      args,
      ...(Object.keys(env).length > 0 ? { envs: env } : {}),
      enabled: true,
      timeout: GOOSE_LIMIT_SECONDS,
    }),
  },
  {
    id: "opencode",
    name: "opencode",
    program: "opencode",
    format: "json",
    file: inHome(".config", "opencode", "opencode.json"),
    path: ["mcp", SERVER_NAME],
    entry: ({ command, args, env }) => ({
      type: "local",
      command: [command, ...args],
      ...(Object.keys(env).length > 0 ? { environment: env } : {}),
      enabled: true,
      timeout: OPENCODE_LIMIT_MS,
    }),
  },
  {
    id: "zed",
    name: "Zed",
    program: "zed",
    format: "json",
    file: inHome(".config", "zed", "settings.json"),
    path: ["context_servers", SERVER_NAME],
    entry: ({ command, args, env }) => ({ command, args, env }),
  },
];
