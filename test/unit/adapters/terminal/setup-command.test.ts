import { createHash } from "node:crypto";
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, onTestFinished, test } from "vitest";
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { TestTerminal } from "./harness.ts";

const terminalFor = () => new TestTerminal({ SEREN_API_BASE: "local" });
const HASH = createHash("sha256").update("#!/usr/bin/env node\n").digest("hex");
const REGISTRY = ".config/dispatch/couriers.json";
const CONFIG = ".roder/config.toml";

describe("setup dispatch", () => {
  const entry = (terminal: TestTerminal) => ({
    name: "seren-cloud",
    version: "1.2.3",
    protocol_version: COURIER_PROTOCOL_VERSION,
    transport: "jsonl",
    description: "Runs Dispatch parcels on Seren Cloud",
    exec: { command: terminal.program, args: ["courier"] },
    installed_sha256: HASH,
  });

  test("on Windows, where Dispatch starts .exe files only, nothing advises what setup refuses", async () => {
    const { platform } = process;
    onTestFinished(() => void Object.defineProperty(process, "platform", { value: platform }));
    const terminal = terminalFor();
    terminal.file(REGISTRY, '{"plugins":[{"name":"seren-cloud","exec":{"command":"gone.exe"}}]}');
    Object.defineProperty(process, "platform", { value: "win32" });
    const catalog = "dispatch extension install courier-seren-cloud-standalone";
    expect(await terminal.run(["setup", "dispatch", "--write"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(catalog),
    });
    const findings = JSON.parse((await terminal.run(["doctor", "--json"])).stdout) as { id: string; fix?: string }[];
    expect(findings.find(({ id }) => id === "dispatch.courier")?.fix).toContain(catalog);
    expect(JSON.stringify(findings)).not.toContain("setup dispatch");
  });

  test("shows and changes nothing without --write", async () => {
    const terminal = terminalFor();
    const said = await terminal.run(["setup", "dispatch"]);
    expect(said.code).toBe(0);
    expect(said.stdout).toContain(`+       "installed_sha256": "${HASH}"`);
    expect(said.stdout).toContain("Nothing has been changed.");
    expect(existsSync(join(terminal.home, REGISTRY))).toBe(false);
  });

  test("makes the registry as Dispatch would, and does nothing the second time", async () => {
    const terminal = terminalFor();
    await terminal.run(["setup", "dispatch", "--write"]);
    const path = join(terminal.home, REGISTRY);
    expect(readFileSync(path, "utf8")).toBe(JSON.stringify({ plugins: [entry(terminal)] }, null, 2));
    const before = statSync(path).mtimeMs;
    expect((await terminal.run(["setup", "dispatch", "--write"])).stdout).toContain("nothing to do");
    expect(statSync(path).mtimeMs).toBe(before);
  });

  test.each([
    ["compact", '{"plugins":[{"name":"a","exec":{"command":"/a"}}],"more":{"x":[1,2]}}'],
    [
      "indented",
      '{\n    "more": "]}",\n    "plugins": [\n        { "name": "a" },\n        { "name": "b]" }\n    ]\n}\n',
    ],
    ["empty list", '{ "plugins": [] }\n'],
    ["CRLF", '{\r\n  "plugins": [\r\n    {\r\n      "name": "a"\r\n    }\r\n  ]\r\n}\r\n'],
  ])("a registry somebody wrote keeps every byte (%s), and --undo gives it back", async (_, text) => {
    const terminal = terminalFor();
    const path = terminal.file(REGISTRY, text, 0o640);
    await terminal.run(["setup", "dispatch", "--write"]);
    const written = readFileSync(path, "utf8");
    const { plugins } = JSON.parse(written) as { plugins: unknown[] };
    expect(plugins.at(-1)).toEqual(entry(terminal));
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readFileSync(`${path}.seren-bridge.bak`, "utf8")).toBe(text);
    await terminal.run(["setup", "dispatch", "--undo", "--write"]);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(text));
    if (text.includes('"a"')) expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("registers the deployment plugin as well, and --undo takes both back", async () => {
    const terminal = terminalFor();
    const path = terminal.file(".config/dispatch/deployments.json", '{"plugins":[{"name":"other"}]}');
    const said = await terminal.run(["setup", "dispatch", "--write", "--json"]);
    expect(JSON.parse(said.stdout).files.map(({ written }: { written: boolean }) => written)).toEqual([true, true]);
    const { plugins } = JSON.parse(readFileSync(path, "utf8"));
    expect(plugins.map(({ name }: { name: string }) => name)).toEqual(["other", "seren-cloud"]);
    expect(plugins[1]).toMatchObject({
      exec: { command: terminal.program, args: ["deployment"] },
      installed_sha256: HASH,
    });
    await terminal.run(["setup", "dispatch", "--undo", "--write"]);
    expect(readFileSync(path, "utf8")).toBe('{"plugins":[{"name":"other"}]}');
    expect(JSON.parse(readFileSync(join(terminal.home, REGISTRY), "utf8"))).toEqual({ plugins: [] });
  });

  test("doctor judges the hash of each, and knows that plain `dispatch up` fails", async () => {
    const terminal = terminalFor();
    terminal.file("bin/dispatch", "#!/bin/sh\n", 0o755);
    const env = { PATH: join(terminal.home, "bin") };
    const states = async () => {
      const { stdout } = await terminal.run(["doctor", "--json"], { env });
      const findings: { id: string; state: string }[] = JSON.parse(stdout).findings ?? JSON.parse(stdout);
      return Object.fromEntries(
        findings.filter(({ id }) => id.startsWith("dispatch.")).map(({ id, state }) => [id, state]),
      );
    };
    expect(await states()).toEqual({
      "dispatch.courier": "problem",
      "dispatch.deployment": "warning",
      "dispatch.up": "warning",
    });
    await terminal.run(["setup", "dispatch", "--write"]);
    expect(await states()).toMatchObject({ "dispatch.courier": "ok", "dispatch.deployment": "ok" });
    const path = join(terminal.home, ".config/dispatch/deployments.json");
    terminal.file(".config/dispatch/deployments.json", readFileSync(path, "utf8").replace(HASH, "0".repeat(64)));
    expect(await states()).toMatchObject({ "dispatch.courier": "ok", "dispatch.deployment": "problem" });
  });

  test("an old entry of ours is replaced in its place", async () => {
    const terminal = terminalFor();
    const path = terminal.file(
      REGISTRY,
      JSON.stringify(
        { plugins: [{ name: "a" }, { name: "seren-cloud", exec: { command: "/old" } }, { name: "z" }] },
        null,
        2,
      ),
    );
    await terminal.run(["setup", "dispatch", "--write"]);
    expect(readFileSync(path, "utf8")).toBe(
      JSON.stringify({ plugins: [{ name: "a" }, entry(terminal), { name: "z" }] }, null, 2),
    );
  });

  test.each(["{ not json", '{"plugins": 7}', "[]", '{"plugins": [{"name": "x"}], "plugins": []}'])(
    "a registry that is none is refused and not touched: %s",
    async (text) => {
      const terminal = terminalFor();
      const path = terminal.file(REGISTRY, text);
      const said = await terminal.run(["setup", "dispatch", "--write"]);
      expect(said.code).toBe(2);
      expect(said.stderr).toContain("was not touched");
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );

  test("a program that cannot be started is said before Dispatch finds out", async () => {
    const terminal = terminalFor();
    chmodSync(terminal.program, 0o644);
    expect((await terminal.run(["setup", "dispatch", "--write"])).stderr).toContain("is not executable");
  });
});

describe("setup roder", () => {
  const entry = (terminal: TestTerminal) => ({
    id: "roder-ext-seren-cloud",
    manifest: join(terminal.home, "app", "roder-extension.toml"),
    args: [terminal.program, "roder"],
  });

  test.each([
    ["comments", '# mine\nmodel = "x"   # keep\n\n[theme]\n  name = "dark"\n'],
    ["no final line break", '[[process_extensions]]\nid = "other"\nmanifest = "/m"\ncommand = "c"'],
    ["CRLF", 'model = "x"\r\n[a]\r\nb = 1979-05-27T07:32:00Z\r\n'],
    ["blank lines at the end", 'model = "x"\n\n\n'],
  ])("a configuration somebody wrote keeps every byte (%s), and --undo gives it back", async (_, text) => {
    const terminal = terminalFor();
    const path = terminal.file(CONFIG, text, 0o600);
    expect((await terminal.run(["setup", "roder", "--write"])).code).toBe(0);
    const written = readFileSync(path, "utf8");
    expect(written.startsWith(text)).toBe(true);
    const { process_extensions } = parse(written) as { process_extensions: object[] };
    expect(process_extensions.at(-1)).toMatchObject(entry(terminal));
    expect((await terminal.run(["setup", "roder", "--write"])).stdout).toContain("nothing to do");
    expect(readFileSync(path, "utf8")).toBe(written);
    await terminal.run(["setup", "roder", "--undo", "--write"]);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("makes the file where there is none, for its owner only, and takes it away again", async () => {
    const terminal = terminalFor();
    await terminal.run(["setup", "roder", "--write"]);
    const path = join(terminal.home, CONFIG);
    expect(readFileSync(path, "utf8")).toMatch(/^# >>> seren-bridge/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await terminal.run(["setup", "roder", "--undo", "--write"]);
    expect(existsSync(path)).toBe(false);
  });

  test("the settings of the shell travel, the key does not", async () => {
    const terminal = new TestTerminal({
      SEREN_API_BASE: "https://example.com",
      SEREN_API_KEY: "seren_secret_4711",
      SEREN_BRIDGE_CONFIG: "/etc/seren.toml",
      SEREN_BRIDGE_APPROVALS: "terminal",
      NO_PROXY: "a.example;10.0.0.0/8",
    });
    const said = await terminal.run(["setup", "roder", "--write"]);
    const text = readFileSync(join(terminal.home, CONFIG), "utf8");
    expect(text).toContain('SEREN_API_BASE = "https://example.com"');
    expect(text).toContain('SEREN_BRIDGE_CONFIG = "/etc/seren.toml"');
    expect(text).toContain('SEREN_BRIDGE_APPROVALS = "terminal"');
    expect(text).toContain('NO_PROXY = "a.example;10.0.0.0/8"');
    expect(text).not.toContain("seren_secret_4711");
    expect(said.stderr).toContain("store the key with `seren-bridge login`");
  });

  test("so does the proxy, but no password of it", async () => {
    const entry = async (proxy: string) => {
      const terminal = new TestTerminal({ HTTPS_PROXY: proxy, no_proxy: "example.org" });
      await terminal.run(["setup", "roder", "--write"]);
      return readFileSync(join(terminal.home, CONFIG), "utf8");
    };
    expect(await entry("http://proxy.example:3128")).toContain('HTTPS_PROXY = "http://proxy.example:3128"');
    const text = await entry("http://alice:pass-word@proxy.example:3128");
    expect(text).toContain('no_proxy = "example.org"');
    expect(text).not.toContain("alice");
  });

  test.each([
    ["HTTPS_PROXY", "alice:pass-word@proxy.example:3128"],
    ["HTTPS_PROXY", "//alice:pass-word@proxy.example:3128"],
    ["https_proxy", "HTTP:\\\\alice:pass-word@proxy.example"],
    ["HTTP_PROXY", "alice%3Apass-word%40proxy.example:3128"],
    ["http_proxy", "http://proxy.example:3128/?password=pass-word"],
    ["HTTPS_PROXY", "http://proxy.example/#pass-word"],
    ["HTTPS_PROXY", "http://proxy.example:3128/pass-word"],
    ["HTTPS_PROXY", "alice:pass-word"],
    ["NO_PROXY", "alice:pass-word@proxy.example"],
    ["SEREN_BRIDGE_MODEL_URL", "http://localhost:1/v1?api-version=1&key=pass-word"],
    ["SEREN_BRIDGE_MODEL", "alice:pass-word@proxy.example"],
    ["XDG_STATE_HOME", "ftp://alice:pass-word@files.example/state"],
  ])("%s with a password in any spelling is neither written nor shown: %s", async (name, value) => {
    const terminal = new TestTerminal({ [name]: value });
    const shown = [await terminal.run(["setup", "roder"]), await terminal.run(["setup", "roder", "--write"])];
    expect(shown.map(({ code }) => code)).toEqual([0, 0]);
    expect(readFileSync(join(terminal.home, CONFIG), "utf8")).not.toContain("pass-word");
    expect(JSON.stringify(shown)).not.toContain("pass-word");
    expect(JSON.stringify(shown)).toContain(`Not written, because a password may be in it: ${name}.`);
  });

  test.each([
    ["codex", "CODEX_HOME", "c"],
    ["roder", "RODER_CONFIG_DIR", "~/roder"],
  ])("setup %s with a relative %s writes nothing into the working folder", async (client, name, value) => {
    const terminal = new TestTerminal({ [name]: value });
    expect(await terminal.run(["setup", client, "--write"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${value}/config.toml is not a whole path; correct HOME`),
    });
  });

  test("a link is followed, not replaced", async () => {
    const terminal = terminalFor();
    const real = terminal.file("dotfiles/roder.toml", "# linked\n");
    terminal.file(".roder/.keep", "");
    symlinkSync(real, join(terminal.home, CONFIG));
    await terminal.run(["setup", "roder", "--write"]);
    expect(lstatSync(join(terminal.home, CONFIG)).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toContain("[[process_extensions]]");
  });

  test.each([
    ["not TOML", "model = \n"],
    ["a list in one line", 'process_extensions = [{ id = "a", manifest = "/m", command = "c" }]\n'],
    [
      "our id, written by hand",
      '[[process_extensions]]\nid = "roder-ext-seren-cloud"\nmanifest = "/old"\ncommand = "node"\n',
    ],
  ])("what cannot be changed safely is refused and not touched: %s", async (_, text) => {
    const terminal = terminalFor();
    const path = terminal.file(CONFIG, text);
    const said = await terminal.run(["setup", "roder", "--write"]);
    expect(said.code).toBe(2);
    expect(said.stderr).toContain("was not touched");
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});

describe("setup roder --package", () => {
  const installed = (fields: object) =>
    JSON.stringify({ version: 1, packages: [{ packageId: "seren-bridge", enabled: true, ...fields }] });
  const typed = (stdout: string) => stdout.split("\n").flatMap((line) => (line.startsWith("  ") ? line.trim() : []));

  test.each([
    ["npm", () => "npm:seren-bridge"],
    ["git", () => "git:github.com/serenorg/seren-bridge@packed"],
    ["folder", (terminal: TestTerminal) => join(terminal.home, "app")],
  ] as const)("%s: what to type, and that Roder has to be started again", async (route, source) => {
    const terminal = terminalFor();
    const { code, stdout } = await terminal.run(["setup", "roder", "--package", route]);
    expect(code).toBe(0);
    expect(typed(stdout)).toEqual([`roder install ${source(terminal)}`, "roder packages approve seren-bridge"]);
    expect(stdout).toContain("start Roder again");
    expect(existsSync(join(terminal.home, CONFIG))).toBe(false);
  });

  test.each([
    ["installed", { extensionsApproved: false }, ["roder packages approve seren-bridge"]],
    ["disabled", { enabled: false }, ["roder packages enable seren-bridge", "roder packages approve seren-bridge"]],
    ["approved", { extensionsApproved: true }, []],
  ])("what is done already is not asked for again: %s", async (_, fields, commands) => {
    const terminal = terminalFor();
    terminal.file(".roder/packages.json", installed(fields));
    const { stdout } = await terminal.run(["setup", "roder", "--package", "npm", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ commands });
  });

  test("--undo takes it away, if it is there", async () => {
    const terminal = terminalFor();
    const undo = ["setup", "roder", "--package", "npm", "--undo"];
    expect((await terminal.run(undo)).stdout).toBe("Roder has no package seren-bridge.\n");
    terminal.file(".roder/packages.json", installed({ extensionsApproved: true }));
    expect(typed((await terminal.run(undo)).stdout)).toEqual(["roder remove seren-bridge"]);
  });

  test("what a package cannot have is said: a key and settings of the shell", async () => {
    const terminal = new TestTerminal({
      SEREN_API_BASE: "https://example.com",
      SEREN_API_KEY: "seren_secret_4711",
      SEREN_BRIDGE_CONFIG: "/etc/seren.toml",
      SEREN_BRIDGE_APPROVALS: "terminal",
      NO_PROXY: "a.example;10.0.0.0/8",
    });
    const { stderr } = await terminal.run(["setup", "roder", "--package", "npm"]);
    expect(stderr).toContain("run `seren-bridge login`");
    expect(stderr).toContain("A package does not see SEREN_API_BASE");
  });

  test("there is nothing of ours to write", async () => {
    const terminal = terminalFor();
    expect((await terminal.run(["setup", "roder", "--package", "npm", "--write"])).code).toBe(2);
    expect((await terminal.run(["setup", "roder", "--package", "floppy"])).code).toBe(2);
  });

  test("an entry beside a package takes its place, and says so", async () => {
    const terminal = terminalFor();
    terminal.file(".roder/packages.json", installed({ extensionsApproved: true }));
    expect((await terminal.run(["setup", "roder"])).stderr).toContain("the entry takes its place");
  });
});
