/** The configuration file, through the built program: who reads it, what a bad one does, and what a start without one loads. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { API_KEY, Child, CLEAN_EXIT, ROOT, scratchFolder } from "../support/child-process/child.ts";
import { startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, request } from "../support/child-process/courier-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

/** A home folder with a configuration file. */
function homeWith(content: string | Buffer, mode = 0o600): { home: string; path: string } {
  const home = scratchFolder();
  const folder = join(home, ".config", "seren-bridge");
  mkdirSync(join(home, ".config"), { mode: 0o700 });
  mkdirSync(folder, { mode: 0o700 });
  const path = join(folder, "config.toml");
  writeFileSync(path, content);
  chmodSync(path, mode);
  return { home, path };
}

const terminal = (home: string, env: Record<string, string>, ...args: string[]) => startTerminal(env, args, home).ended;

describe("every front end reads it", () => {
  test("the terminal, after the environment", async () => {
    const { home, path } = homeWith('api_base = "local"\nlog = "info"\n');
    expect(await terminal(home, {}, "run", "hello")).toMatchObject({ code: 0, stderr: "" });
    const refused = await terminal(home, { SEREN_API_BASE: "ftp://x" }, "run", "hello");
    expect(refused.stderr).toMatch(/SEREN_API_BASE would send the API key unencrypted/);
    const { stdout } = await terminal(home, { SEREN_BRIDGE_LOG: "error" }, "config", "--json");
    const { file, settings } = JSON.parse(stdout);
    expect(file).toEqual({ path, exists: true });
    const of = (key: string) => settings.find((one: { key: string }) => one.key === key);
    expect(of("api_base")).toMatchObject({ value: "local", from: "file" });
    expect(of("log")).toMatchObject({ value: "error", from: "environment", variable: "SEREN_BRIDGE_LOG" });
    expect(of("approvals")).toMatchObject({ value: "ask", from: "default" });
  });

  test("a host, which has no environment of its own", async () => {
    const cloud = await startCloud();
    const { home } = homeWith(`api_base = "${cloud.env.SEREN_API_BASE}"\n`);
    const host = new CourierHost({
      env: {
        HOME: home,
        XDG_CONFIG_HOME: undefined,
        SEREN_API_BASE: undefined,
        SEREN_API_KEY: cloud.env.SEREN_API_KEY,
      },
    });
    const session = await host.open(parcel("chat"));
    const turn = await host.run(parcel("chat"), session, { kind: "chat", input: "hello" });
    expect(JSON.stringify(turn)).toContain("hello");
  });

  test("the address of a setting that is wrong is the file's", async () => {
    const { home, path } = homeWith('api_base = "http://elsewhere.example"\n');
    const { stderr } = await terminal(home, { SEREN_API_KEY: API_KEY }, "run", "hello");
    expect(stderr).toContain(`api_base in ${path} would send the API key unencrypted`);
  });
});

describe("a file that cannot be used", () => {
  test("starts no run, and every command but those that start one goes on", async () => {
    const { home, path } = homeWith('api_bse = "local"\n');
    const run = await terminal(home, { SEREN_API_BASE: "local" }, "run", "hello");
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(`${path}: "api_bse" (line 1) is not a setting (did you mean api_base?)`);
    expect((await terminal(home, {}, "--version")).code).toBe(0);
    expect((await terminal(home, {}, "config", "--example")).code).toBe(0);
    expect((await terminal(home, {}, "schema", "config")).code).toBe(0);
    const doctor = await terminal(home, { SEREN_API_BASE: "local" }, "doctor", "--json");
    expect(JSON.parse(doctor.stdout)).toContainEqual(expect.objectContaining({ id: "config", state: "problem" }));
    const none = await terminal(home, { SEREN_API_BASE: "local", SEREN_BRIDGE_CONFIG: "none" }, "run", "hello");
    expect(none).toMatchObject({ code: 0, stderr: "" });
  });

  test("is reported to a host in its own words, and the host's first questions are answered", async () => {
    const { home } = homeWith("log = 3\n");
    const host = new CourierHost({ env: { HOME: home, XDG_CONFIG_HOME: undefined, SEREN_API_BASE: "local" } });
    const session = await host.open(parcel("chat"));
    const turn = await host.run(parcel("chat"), session, { kind: "chat", input: "hello" });
    expect(JSON.stringify(turn)).toContain("has to be one of");
  });

  test.runIf(process.platform !== "win32")("does not hang the program, whatever is in its place", async () => {
    const { home, path } = homeWith("");
    const cases: [string, () => void, RegExp][] = [
      ["a pipe", () => execFileSync("mkfifo", [path]), /it is a pipe, not a file; move it away/],
      ["a folder", () => mkdirSync(path), /it is a folder, not a file; move it away/],
      ["a large file", () => writeFileSync(path, "# ".repeat(200_000)), /is larger than the 262144 bytes/],
      [
        "UTF-16",
        () => writeFileSync(path, Buffer.from('\ufefflog = "info"', "utf16le")),
        /is UTF-16 text; save it as UTF-8/,
      ],
      [
        "one that others may change",
        () => {
          writeFileSync(path, "");
          chmodSync(path, 0o666);
        },
        /chmod go-w/,
      ],
    ];
    for (const [what, make, words] of cases) {
      execFileSync("rm", ["-rf", path]);
      make();
      const { code, stderr } = await terminal(home, { SEREN_API_BASE: "local" }, "run", "hello");
      expect(code, what).toBe(2);
      expect(stderr, what).toMatch(words);
    }
  });

  test.runIf(process.platform !== "win32")("nor does a disk that is gone", async () => {
    const { home, path } = homeWith("");
    const pipe = join(scratchFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const hook = join(ROOT, "test/support/child-process/silent-disk.mjs");
    const silent = { SILENT_DISK: join(home, ".config"), SILENT_PIPE: pipe, NODE_OPTIONS: `--import ${hook}` };
    const { stderr } = await terminal(home, { SEREN_API_BASE: "local", ...silent }, "run", "hello");
    expect(stderr).toContain(
      `${path} does not reply; check the disk or network folder it is on, or set SEREN_BRIDGE_CONFIG`,
    );
  });
});

test("a start without a file loads nothing to read one", async () => {
  const loadedOf = async (home: string) => {
    const coverage = scratchFolder();
    const child = new Child("courier", {
      env: { HOME: home, XDG_CONFIG_HOME: undefined, SEREN_API_BASE: "local", NODE_V8_COVERAGE: coverage },
    });
    child.send(request("capabilities"), request("capabilities"));
    expect(await child.end()).toEqual(CLEAN_EXIT);
    const reports = readdirSync(coverage).map((name) => readFileSync(join(coverage, name), "utf8"));
    const urls = reports.flatMap((text) => (JSON.parse(text).result as { url: string }[]).map(({ url }) => url));
    const ours = urls.filter((url) => url.includes("/dist/"));
    expect(ours.length).toBeGreaterThan(1);
    return ours.filter((url) => readFileSync(new URL(url), "utf8").includes("is not a setting"));
  };
  expect(await loadedOf(scratchFolder())).toEqual([]);
  expect(await loadedOf(homeWith("").home)).toHaveLength(1);
});
