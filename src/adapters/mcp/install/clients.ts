/** The clients: where each keeps its servers, and in which words. `docs/reference/mcp-server.md`, section 7. */
import {
  bySystem,
  type Client,
  type Command,
  inFolderOf,
  inHome,
  inRoaming,
  inXdgConfig,
  zedSettings,
} from "../../../install/index.ts";

const SERVER_NAME = "seren";

/** A call of a tool that waits 45 s must not run into the limit of a client. */
const CODEX_LIMIT_SECONDS = 120;
const GOOSE_LIMIT_SECONDS = 300;
const OPENCODE_LIMIT_MS = 60_000;

const env = ({ env }: Command) => (Object.keys(env).length > 0 ? { env } : {});
const plain = (command: Command) => ({ command: command.command, args: command.args, ...env(command) });
const stdio = (command: Command) => ({ type: "stdio", ...plain(command) });
/** The settings as options, each with its own name: a list of them would take the next word along. */
const settings = (option: string, { env }: Command) =>
  Object.entries(env).flatMap(([name, value]) => [option, `${name}=${value}`]);

export const CLIENTS: readonly Client[] = [
  {
    id: "claude-code",
    name: "Claude Code",
    program: "claude",
    format: "json",
    file: inHome(".claude.json"),
    path: ["mcpServers", SERVER_NAME],
    entry: stdio,
    own: {
      // The name stands before the settings: `--env` takes more than one word.
      add: (command) => [
        ...["mcp", "add", "--scope", "user", SERVER_NAME],
        ...settings("--env", command),
        ...["--", command.command, ...command.args],
      ],
      remove: ["mcp", "remove", "--scope", "user", SERVER_NAME],
    },
  },
  {
    id: "codex",
    name: "Codex CLI",
    program: "codex",
    format: "toml",
    file: inFolderOf("CODEX_HOME", ".codex", "config.toml"),
    path: ["mcp_servers", SERVER_NAME],
    entry: (command) => ({ ...plain(command), tool_timeout_sec: CODEX_LIMIT_SECONDS }),
    own: {
      // It cannot set the limit, so what `setup` leaves is a block of our own, and its way back is ours.
      add: (command) => [
        ...["mcp", "add", SERVER_NAME, ...settings("--env", command)],
        ...["--", command.command, ...command.args],
      ],
    },
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
    file: bySystem({
      win32: inRoaming("Code", "User", "mcp.json"),
      darwin: inHome("Library", "Application Support", "Code", "User", "mcp.json"),
      other: inXdgConfig("Code", "User", "mcp.json"),
    }),
    path: ["servers", SERVER_NAME],
    entry: stdio,
    own: { add: (command) => ["--add-mcp", JSON.stringify({ name: SERVER_NAME, ...stdio(command) })] },
  },
  {
    id: "gemini",
    name: "Gemini CLI",
    program: "gemini",
    format: "json",
    file: inHome(".gemini", "settings.json"),
    path: ["mcpServers", SERVER_NAME],
    entry: plain,
    own: {
      add: (command) => [
        ...["mcp", "add", ...settings("-e", command), "-s", "user"],
        ...[SERVER_NAME, command.command, ...command.args],
      ],
      remove: ["mcp", "remove", "-s", "user", SERVER_NAME],
    },
  },
  {
    id: "goose",
    name: "goose",
    program: "goose",
    format: "yaml",
    file: bySystem({
      win32: inRoaming("Block", "goose", "config", "config.yaml"),
      other: inXdgConfig("goose", "config.yaml"),
    }),
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
    file: inXdgConfig("opencode", "opencode.json"),
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
    file: zedSettings,
    path: ["context_servers", SERVER_NAME],
    entry: ({ command, args, env }) => ({ command, args, env }),
  },
];
