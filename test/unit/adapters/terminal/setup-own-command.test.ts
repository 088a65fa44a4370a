/** `setup` where a client has a command of its own for it: the command is run, what it did is verified, and the rest is done in the file. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { TestTerminal } from "./harness.ts";

const KEY = "key-that-must-not-be-written-4711";

/** What each client's real command does with its arguments, as a script. `argv` and `home` are there; the calls are counted. */
const HEAD = `#!${process.execPath}
const fs = require("node:fs");
const path = require("node:path");
const home = process.env.HOME;
const argv = process.argv.slice(2);
fs.appendFileSync(path.join(home, "calls"), JSON.stringify({ argv, key: process.env.SEREN_API_KEY }) + "\\n");
const readJson = (file) => { try { return JSON.parse(fs.readFileSync(file, "utf8")); } catch { return {}; } };
const settings = (option) => Object.fromEntries(argv.flatMap((word, at) => {
  if (word !== option) return [];
  const [name, ...value] = argv[at + 1].split("=");
  return [[name, value.join("=")]];
}));
const behind = argv.slice(argv.indexOf("--") + 1);
`;

const CLAUDE = `
const file = path.join(home, ".claude.json");
const value = readJson(file);
value.mcpServers ??= {};
if (argv[1] === "remove") delete value.mcpServers.seren;
else {
  if (value.mcpServers.seren) { console.error("MCP server seren already exists in user config"); process.exit(1); }
  value.mcpServers.seren = { type: "stdio", command: behind[0], args: behind.slice(1), env: settings("--env"), extra: {} };
}
fs.writeFileSync(file, JSON.stringify(value, null, 2));
console.log("\\x1b]0;owned\\x07\\x1b[31mFile modified\\x1b[0m: " + file);
`;

const GEMINI = `
const file = path.join(home, ".gemini", "settings.json");
const value = readJson(file);
value.mcpServers ??= {};
if (argv[1] === "remove") delete value.mcpServers.seren;
else {
  const [command, ...args] = argv.slice(argv.indexOf("seren") + 1);
  value.mcpServers.seren = { command, args, env: settings("-e") };
}
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(file, JSON.stringify(value, null, 2));
`;

const CODE = `
const { name, ...config } = JSON.parse(argv[1]);
const file = path.join(process.env.XDG_CONFIG_HOME, "Code", "User", "mcp.json");
const value = readJson(file);
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(file, JSON.stringify({ ...value, servers: { ...value.servers, [name]: config }, inputs: [] }));
`;

const CODEX = `
const file = path.join(home, ".codex", "config.toml");
const old = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
const lines = Object.entries(settings("--env")).map(([name, value]) => name + " = " + JSON.stringify(value));
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(file, old + "\\n[mcp_servers.seren]\\ncommand = " + JSON.stringify(behind[0]) + "\\nargs = " +
  JSON.stringify(behind.slice(1)) + "\\n\\n[mcp_servers.seren.env]\\n" + lines.join("\\n") + "\\n");
`;

const CLIENTS = [
  { id: "claude-code", program: "claude", does: CLAUDE, file: ".claude.json", removes: true },
  { id: "gemini", program: "gemini", does: GEMINI, file: ".gemini/settings.json", removes: true },
  { id: "vscode", program: "code", does: CODE, file: "config/Code/User/mcp.json", removes: false },
  { id: "codex", program: "codex", does: CODEX, file: ".codex/config.toml", removes: false },
] as const;

/** A terminal on whose PATH is one client. */
function terminalWith(program: string, does: string) {
  const terminal = new TestTerminal({ SEREN_API_BASE: "http://127.0.0.1:8787", SEREN_API_KEY: KEY });
  terminal.file(`bin/${program}`, HEAD + does, 0o755);
  const env = { PATH: join(terminal.home, "bin") };
  const calls = (): { argv: string[]; key?: string }[] => {
    const file = join(terminal.home, "calls");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  };
  const read = (file: string) => readFileSync(join(terminal.home, file), "utf8");
  return { terminal, calls, read, run: (...args: string[]) => terminal.run(["setup", ...args], { env }) };
}

describe.skipIf(process.platform !== "linux").each(CLIENTS)("$id", ({ id, program, does, file, removes }) => {
  test("shows the command and runs nothing without --write", async () => {
    const { run, calls } = terminalWith(program, does);
    const said = await run(id);
    expect(said.stdout).toMatch(new RegExp(`^  ${program} .*seren`, "m"));
    expect(said.stdout).toContain("Nothing has been changed.");
    expect(calls()).toEqual([]);
  });

  test("runs the command with --write, without the key; the second time there is nothing to do", async () => {
    const { run, calls, read } = terminalWith(program, does);
    const shown = await run(id);
    const said = await run(id, "--write");
    expect(said.code).toBe(0);
    expect(said.stderr).toContain("This was run:\n");
    for (const not of ["\x1b", "owned"]) expect(said.stderr).not.toContain(not);
    const [line = "-"] = /^ {2}\w+ .*seren.*$/m.exec(shown.stdout) ?? [];
    expect(said.stderr).toContain(`${line}\n`);
    expect(calls()).toHaveLength(1);
    expect(JSON.stringify(calls()) + read(file)).not.toContain(KEY);
    expect(read(file)).toContain("127.0.0.1:8787");
    expect(said.stderr.includes("left to do")).toBe(id === "codex");
    if (id === "codex")
      expect(parseToml(read(file))).toMatchObject({ mcp_servers: { seren: { tool_timeout_sec: 120 } } });
    expect((await run(id, "--write")).stdout).toContain("nothing to do");
    expect(calls()).toHaveLength(1);
  });

  test("--undo --write takes it back, with the command where there is one", async () => {
    const { run, calls, read, terminal } = terminalWith(program, does);
    await run(id, "--write");
    expect((await run(id, "--undo", "--write")).code).toBe(0);
    expect(calls().map(({ argv }) => argv.includes("remove"))).toEqual(removes ? [false, true] : [false]);
    if (existsSync(join(terminal.home, file))) expect(read(file)).not.toContain("8787");
    expect((await run(id, "--undo", "--write")).stdout).toContain("nothing to remove");
  });

  test.each([
    ["fails", 'console.error("\\x1b[2Jno such \\x07thing"); process.exit(3);', "It ended with code 3."],
    ["hangs", "setInterval(() => {}, 1000);", "It was stopped after 5 s."],
    ["says it is done and writes nothing", 'console.log("Added.");', "Added."],
    ["writes another entry", does.replaceAll("127.0.0.1", "x").replace('"--env"', '"--no"'), "This was run"],
  ])("whose command %s: the file is written", async (_, broken, why) => {
    const { run, calls, read, terminal } = terminalWith(program, broken);
    const said = await run(id, "--write");
    expect(said.code).toBe(0);
    expect(said.stderr).toContain(why);
    for (const not of ["\x1b", "\x07"]) expect(said.stderr).not.toContain(not);
    expect(calls()).toHaveLength(1);
    const other = new TestTerminal({ SEREN_API_BASE: "http://127.0.0.1:8787" });
    await other.run(["setup", id, "--write"]);
    const theirs = (home: string, text: string) => text.replaceAll(home, "");
    const read2 = readFileSync(join(other.home, file), "utf8");
    const value = (text: string) => (id === "codex" ? parseToml(text) : JSON.parse(text));
    expect(value(theirs(terminal.home, read(file)))).toMatchObject(value(theirs(other.home, read2)));
  });

  test("whose command leaves a file that cannot be read: says so, and where the old text is", async () => {
    const garbage = 'fs.mkdirSync(path.dirname(FILE), { recursive: true }); fs.writeFileSync(FILE, "{ = [");';
    const { run, read, terminal } = terminalWith(
      program,
      `const FILE = path.join(home, ${JSON.stringify(file)});${garbage}`,
    );
    const theirs = id === "codex" ? 'model = "m"\n' : '{ "theme": "x" }\n';
    terminal.file(file, theirs);
    const said = await run(id, "--write");
    expect(said.code).not.toBe(0);
    expect(said.stderr).toContain("was not touched");
    expect(said.stderr).toContain(`before that, this was run: ${program} `);
    expect(said.stderr).toContain(`${file.split("/").at(-1)}.seren-bridge.bak`);
    expect(read(`${file}.seren-bridge.bak`)).toBe(theirs);
  });

  test("an entry of an older program is replaced in the file; a file of theirs is kept beside it", async () => {
    const { run, calls, read, terminal } = terminalWith(program, does);
    await run(id, "--write");
    const text = read(file).replaceAll("8787", "1111");
    terminal.file(file, text);
    expect((await run(id, "--write")).code).toBe(0);
    expect(calls()).toHaveLength(1);
    expect(read(file)).toContain("8787");
    expect(read(`${file}.seren-bridge.bak`)).toBe(text);
  });
});

test.skipIf(process.platform === "win32")(
  "the text before the command is kept beside the file, also when the file had to be corrected",
  async () => {
    const { run, read, terminal } = terminalWith("codex", CODEX);
    const theirs = '# mine\nmodel = "m"\n\n# of the other\n[mcp_servers.other]\ncommand = "x"\n';
    terminal.file(".codex/config.toml", theirs);
    await run("codex", "--write");
    expect(read(".codex/config.toml.seren-bridge.bak")).toBe(theirs);
    for (const line of ["# mine", "# of the other", "[mcp_servers.other]"])
      expect(read(".codex/config.toml")).toContain(line);
    await run("codex", "--undo", "--write");
    expect(parseToml(read(".codex/config.toml"))).toEqual(parseToml(theirs));
  },
);

test("a table that the client's own command wrote is taken back, and what stands behind it is kept", async () => {
  const { run, read, terminal } = terminalWith("codex", CODEX);
  terminal.file(
    ".codex/config.toml",
    '[mcp_servers.seren]\ncommand = "seren-bridge"\n[mcp_servers.seren.env]\nA = "[b]"\n\n# of the other\n[mcp_servers.other]\ncommand = "x"\n',
  );
  await run("codex", "--undo", "--write");
  expect(read(".codex/config.toml")).toBe('\n# of the other\n[mcp_servers.other]\ncommand = "x"\n');
});
