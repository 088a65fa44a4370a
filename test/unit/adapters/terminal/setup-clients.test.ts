/** `setup` for MCP clients and editors: shows, writes, takes back; keeps comments and unknown members; never writes a key. */
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse as parseJsonc } from "jsonc-parser";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { TestTerminal } from "./harness.ts";

const KEY = "key-that-must-not-be-written-4711";
const clientTerminal = () => new TestTerminal({ SEREN_API_BASE: "http://127.0.0.1:8787", SEREN_API_KEY: KEY });
const ENV = { SEREN_API_BASE: "http://127.0.0.1:8787" };
/** Set by the harness. */
const variables = (home: string) => ({
  ...ENV,
  SEREN_BRIDGE_STATE_DIR: join(home, "state"),
  XDG_CONFIG_HOME: join(home, "config"),
});

interface Case {
  id: string;
  file: string;
  path: [string, string];
  parse: (text: string) => unknown;
  entry: (program: string, home: string) => object;
  ownCommand?: string;
  /** A file that somebody wrote. */
  theirs: string;
}

const JSONC = (member: string) =>
  `// settings of mine\n{\n  "theme": "dark", // keep\n  "${member}": {\n    // another server\n    "other": { "command": "other", "args": ["a//b", "/* no comment */"] },\n  },\n  "unknown": { "x": [1, 2, 3] }\n}\n`;

const stdio = (program: string, home: string) => ({
  command: process.execPath,
  args: [program, "mcp"],
  env: variables(home),
});

const CASES: Case[] = [
  {
    id: "claude-code",
    file: ".claude.json",
    path: ["mcpServers", "seren"],
    parse: parseJsonc,
    entry: (program, home) => ({ type: "stdio", ...stdio(program, home) }),
    ownCommand: "claude mcp add --scope user seren --env SEREN_API_BASE=http://127.0.0.1:8787 ",
    theirs: '{"numStartups":12,"mcpServers":{"other":{"command":"x"}},"projects":{"/a":{"history":["}"]}}}',
  },
  {
    id: "codex",
    file: ".codex/config.toml",
    path: ["mcp_servers", "seren"],
    parse: parseToml,
    entry: (program, home) => ({ ...stdio(program, home), tool_timeout_sec: 120 }),
    ownCommand: "codex mcp add seren --env SEREN_API_BASE=http://127.0.0.1:8787 ",
    theirs: '# mine\nmodel = "m" # keep\n\n[mcp_servers.other]\ncommand = "x"\n\n[[list]]\na = 1',
  },
  {
    id: "cursor",
    file: ".cursor/mcp.json",
    path: ["mcpServers", "seren"],
    parse: parseJsonc,
    entry: stdio,
    theirs: JSONC("mcpServers"),
  },
  {
    id: "vscode",
    file: "config/Code/User/mcp.json",
    path: ["servers", "seren"],
    parse: parseJsonc,
    entry: (program, home) => ({ type: "stdio", ...stdio(program, home) }),
    ownCommand: 'code --add-mcp \'{"name":"seren",',
    theirs: JSONC("servers").replaceAll("  ", "\t").replaceAll("\n", "\r\n"),
  },
  {
    id: "gemini",
    file: ".gemini/settings.json",
    path: ["mcpServers", "seren"],
    parse: parseJsonc,
    entry: stdio,
    ownCommand: "gemini mcp add -e SEREN_API_BASE=http://127.0.0.1:8787 ",
    theirs: '{\n    "theme": "x"\n}',
  },
  {
    id: "goose",
    file: "config/goose/config.yaml",
    path: ["extensions", "seren"],
    parse: (text) => parseYaml(text),
    entry: (program, home) => ({
      name: "seren",
      type: "stdio",
      cmd: process.execPath,
      args: [program, "mcp"],
      envs: variables(home),
      enabled: true,
      timeout: 300,
    }),
    theirs:
      "# mine\nGOOSE_MODEL: 'm'   # keep\nextensions:\n    # another\n    other:\n        enabled: true\n        args: [ 'a', \"b\" ]\nlast: |\n  text: no key\n",
  },
  {
    id: "opencode",
    file: "config/opencode/opencode.json",
    path: ["mcp", "seren"],
    parse: parseJsonc,
    entry: (program, home) => ({
      type: "local",
      command: [process.execPath, program, "mcp"],
      environment: variables(home),
      enabled: true,
      timeout: 60_000,
    }),
    theirs: JSONC("mcp"),
  },
  {
    id: "zed",
    file: "config/zed/settings.json",
    path: ["context_servers", "seren"],
    parse: parseJsonc,
    entry: stdio,
    theirs: `\ufeff${JSONC("context_servers")}`.slice(1),
  },
  {
    id: "zed-agent",
    file: "config/zed/settings.json",
    path: ["agent_servers", "Seren Cloud"],
    parse: parseJsonc,
    entry: (program, home) => ({ type: "custom", ...stdio(program, home), args: [program, "acp"] }),
    theirs: JSONC("agent_servers"),
  },
  {
    id: "jetbrains",
    file: ".jetbrains/acp.json",
    path: ["agent_servers", "Seren Cloud"],
    parse: parseJsonc,
    entry: (program, home) => ({ ...stdio(program, home), args: [program, "acp"] }),
    theirs: JSONC("agent_servers"),
  },
];

const plain = (value: unknown) => structuredClone(value);
const at = (value: unknown, path: readonly string[]) =>
  path.reduce((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);

describe.skipIf(process.platform !== "linux").each(CASES)(
  "setup $id",
  ({ id, file, path, parse, entry, ownCommand, theirs }) => {
    test("shows and changes nothing without --write", async () => {
      const terminal = clientTerminal();
      const said = await terminal.run(["setup", id]);
      expect(said.code).toBe(0);
      expect(said.stdout).toContain(file.split("/").at(-1));
      expect(said.stdout).toContain("Nothing has been changed.");
      if (ownCommand) expect(said.stderr).toContain(ownCommand);
      expect(existsSync(join(terminal.home, file))).toBe(false);
    });

    test("makes the file, does nothing the second time, and removes it again", async () => {
      const terminal = clientTerminal();
      const made = join(terminal.home, file);
      expect((await terminal.run(["setup", id, "--write"])).code).toBe(0);
      const text = readFileSync(made, "utf8");
      expect(plain(at(parse(text), path))).toEqual(entry(terminal.program, terminal.home));
      expect(text).not.toContain(KEY);
      expect(statSync(made).mode & 0o077).toBe(0);
      expect((await terminal.run(["setup", id, "--write"])).stdout).toContain("nothing to do");
      await terminal.run(["setup", id, "--undo", "--write"]);
      expect(existsSync(made)).toBe(false);
    });

    test("keeps comments and unknown members of a file somebody wrote, and gives it back", async () => {
      const terminal = clientTerminal();
      const made = terminal.file(file, theirs);
      await terminal.run(["setup", id, "--write"]);
      const written = readFileSync(made, "utf8");
      expect(plain(at(parse(written), path))).toEqual(entry(terminal.program, terminal.home));
      for (const line of theirs.split("\n")) {
        const kept = line.trim().replace(/[,}\]\s]+$/, "");
        if (theirs.includes("\n")) expect(written).toContain(kept);
      }
      await terminal.run(["setup", id, "--undo", "--write"]);
      expect(plain(parse(readFileSync(made, "utf8")))).toEqual(plain(parse(theirs)));
      for (const comment of theirs.match(/(?:\/\/|#) (?:settings of mine|keep|another server|mine|another)/g) ?? []) {
        expect(readFileSync(made, "utf8")).toContain(comment);
      }
    });

    test("an entry of an older program is replaced, and the others stay", async () => {
      const terminal = clientTerminal();
      const made = terminal.file(file, theirs);
      await terminal.run(["setup", id, "--write"]);
      const other = new TestTerminal({ SEREN_API_BASE: "https://seren.example", SEREN_API_KEY: KEY });
      other.file(file, readFileSync(made, "utf8"));
      await other.run(["setup", id, "--write"]);
      const text = readFileSync(join(other.home, file), "utf8");
      expect(JSON.stringify(at(parse(text), path))).toContain("https://seren.example");
      expect(JSON.stringify(at(parse(text), path))).not.toContain("8787");
    });

    test("a file that cannot be read is not touched", async () => {
      const terminal = clientTerminal();
      const broken = '{ "a": [ \n: = <<\n\t- x: [';
      const made = terminal.file(file, broken);
      const said = await terminal.run(["setup", id, "--write"]);
      expect(said.code).not.toBe(0);
      expect(said.stderr).toContain("was not touched");
      expect(readFileSync(made, "utf8")).toBe(broken);
    });
  },
);

test.skipIf(process.platform === "win32")(
  "an editor without the PATH of a shell gets the whole path of the command",
  async () => {
    const named = clientTerminal();
    const bin = join(named.home, "bin");
    mkdirSync(bin);
    symlinkSync(named.program, join(bin, "seren-bridge"));
    const env = { PATH: bin };
    for (const [id, command] of [
      ["zed", "seren-bridge"],
      ["zed-agent", join(bin, "seren-bridge")],
      ["jetbrains", join(bin, "seren-bridge")],
    ] as const) {
      expect((await named.run(["setup", id, "--write"], { env })).code).toBe(0);
      const file = id === "jetbrains" ? ".jetbrains/acp.json" : "config/zed/settings.json";
      const { agent_servers, context_servers } = parseJsonc(readFileSync(join(named.home, file), "utf8"));
      expect((id === "zed" ? context_servers.seren : agent_servers["Seren Cloud"]).command, id).toBe(command);
    }
  },
);

test("doctor says what is registered, and nothing of clients that are not there", async () => {
  const terminal = clientTerminal();
  terminal.file(".cursor/mcp.json", "{}");
  const before = await terminal.run(["doctor"]);
  expect(before.stdout).toMatch(/MCP server in Cursor.*not registered/);
  expect(before.stdout).not.toContain("goose");
  await terminal.run(["setup", "cursor", "--write"]);
  expect((await terminal.run(["doctor"])).stdout).toMatch(/MCP server in Cursor\s+registered/);
});
