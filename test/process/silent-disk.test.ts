/** A state folder on a network that is gone: it costs seconds and a warning, not the run and not the program. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { API_KEY, type Exit, ROOT, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

/** Calls that hang do not keep the program from ending. Older Nodes cannot end with a code then. */
const ended = (code: number): Exit =>
  "execve" in process ? { code, signal: null } : { code: null, signal: "SIGKILL" };

/** `folder` is on a disk that does not reply. */
const silent = (state = scratchFolder()) => {
  const hook = join(ROOT, "test/support/child-process/silent-disk.mjs");
  const pipe = join(scratchFolder(), "pipe");
  execFileSync("mkfifo", [pipe]);
  return { SEREN_BRIDGE_STATE_DIR: state, SILENT_DISK: state, SILENT_PIPE: pipe, NODE_OPTIONS: `--import ${hook}` };
};

test("a run that needs a deployment is carried out, with a warning", async () => {
  const server = await startCloud();
  const { code, stdout, stderr } = await startTerminal({ ...server.env, ...silent() }, [
    "run",
    script({ text: "the answer\n" }),
  ]).ended;
  expect([code, stdout]).toEqual([ended(0).code, "the answer\n"]);
  expect(stderr).toContain("a crash now could leave a run behind");
  expect(stderr).not.toContain("did not foresee");
});

test("SIGTERM ends a run that waits for it", async () => {
  const server = await startCloud();
  const run = startTerminal({ ...server.env, ...silent() }, ["run", script({ hang: true })]);
  setTimeout(() => run.child.kill("SIGTERM"), 1_000);
  expect((await run.ended).code).toBe(ended(130).code);
  expect(server.cloud.stats().runsActive).toEqual([]);
});

test("a host's first questions are answered", async () => {
  const server = await startCloud();
  const { child, ended } = startTerminal({ ...server.env, ...silent() }, ["mcp"]);
  const clientInfo = { name: "test", version: "1" };
  for (const [id, method, params] of [
    [1, "initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo }],
    [2, "tools/list", {}],
  ] as const) {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  }
  let said = "";
  child.stdout.on("data", (text: string) => {
    said += text;
    if (said.includes("seren_dispatch")) child.stdin.end();
  });
  await ended;
  expect(said).toContain("seren_dispatch");
});

test("doctor and watch name it", async () => {
  const server = await startCloud();
  for (const command of ["doctor", "watch"]) {
    const { stdout, stderr } = await startTerminal({ ...server.env, ...silent() }, [command]).ended;
    expect(stdout + stderr, command).toMatch(/does not reply; check the disk/s);
  }
});

test.each([["--faults"], ["--state"]])("what `local %s` names on it is an error that says so", async (option) => {
  const folder = scratchFolder();
  const args = ["local", "--port", "0", option, join(folder, "given")];
  const { code, stderr } = await startTerminal(silent(folder), args).ended;
  expect(stderr).toMatch(/\/given does not reply; check the disk/);
  expect(code).toBe(ended(1).code);
});

test("Roder's manifest on it: the extension says so and goes on", async () => {
  const folder = scratchFolder();
  const manifest = join(folder, "roder-extension.toml");
  const { SEREN_BRIDGE_STATE_DIR: _, ...env } = silent(folder);
  const host = new RoderHost({
    env: { SEREN_API_BASE: "local", SEREN_BRIDGE_RODER_MANIFEST: manifest, ...env },
    exit: ended(0),
  });
  const { error } = await host.ask("extension/initialize", INITIALIZE);
  expect(error?.message).toContain(`${manifest} does not reply; check the disk`);
});

describe("a home folder that does not reply", () => {
  const home = () => {
    const folder = scratchFolder();
    return {
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, ".config"),
      XDG_STATE_HOME: join(folder, "state"),
      ...silent(folder),
      SEREN_BRIDGE_STATE_DIR: scratchFolder(),
      SEREN_BRIDGE_CONFIG: "none",
    };
  };
  const asked = /credentials\.json does not reply; check the disk or network folder it is on, or set SEREN_API_KEY/;

  /** At the same time, because each waits for some seconds. */
  async function everyOne(commands: string[][], env: Record<string, string> = {}) {
    const { SEREN_API_BASE } = (await startCloud()).env;
    return Promise.all(
      commands.map(async (args) => {
        const { child, ended } = startTerminal({ SEREN_API_BASE, ...home(), ...env }, args);
        child.stdin.end(API_KEY);
        return { command: args.join(" "), ...(await ended) };
      }),
    );
  }

  test("is named by what needs the key, with what to do", async () => {
    for (const { command, code, stderr } of await everyOne([
      ["run", "hello"],
      ["agents"],
      ["runs", "list"],
      ["watch"],
    ])) {
      expect(stderr, command).toMatch(asked);
      expect(code, command).toBe(ended(3).code);
    }
  });

  test("costs a run nothing that has its key from SEREN_API_KEY", async () => {
    const { env } = await startCloud();
    const { code, stderr } = await startTerminal({ ...env, ...home() }, ["run", "hello"]).ended;
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("is named by what works on its files", async () => {
    const commands = [
      ["login", "--stdin"],
      ["logout"],
      ["setup", "dispatch"],
      ["setup", "roder", "--write"],
      ["setup", "codex", "--undo", "--write"],
    ];
    for (const { command, stdout, stderr } of await everyOne(commands)) {
      expect(stdout + stderr, command).toMatch(/\/.+ does not reply; check the disk/s);
    }
  });

  test("leaves doctor the checks that do not need it, with everything else in it", async () => {
    const all = { SEREN_BRIDGE_STATE_DIR: "", SEREN_BRIDGE_CONFIG: "" };
    const [doctor] = await everyOne([["doctor", "--json"]], all);
    const findings = JSON.parse(doctor?.stdout ?? "") as { id: string; state: string; detail: string }[];
    const silentOnes = findings.filter(({ detail }) => detail.includes("does not reply"));
    expect(silentOnes.map(({ id }) => id)).toEqual(expect.arrayContaining(["config", "state", "key", "home"]));
    expect(findings.find(({ id }) => id === "node")).toMatchObject({ state: "ok" });
  }, 60_000);

  test("ends a turn of a host with the reason", async () => {
    const { env } = await startCloud();
    const host = new CourierHost({ env: { SEREN_API_BASE: env.SEREN_API_BASE, ...home() }, exit: ended(0) });
    const session = await host.open(parcel("chat"));
    const { error } = await host.run(parcel("chat"), session, { kind: "chat", input: "hello" });
    expect(error).toMatchObject({ message: expect.stringMatching(asked) });
  });
});

test("a turn whose artifacts cannot be saved has its answer, and says why", async () => {
  const server = await startCloud();
  const state = scratchFolder();
  const host = new CourierHost({
    env: { ...server.env, ...silent(), SEREN_BRIDGE_STATE_DIR: state, SILENT_DISK: join(state, "artifacts") },
    exit: ended(0),
  });
  const session = await host.open(parcel("mounts"));
  const input = script({ text: "Done." }, { artifact: { id: "a", kind: "report" } });
  const turn = await host.run(parcel("mounts"), session, { kind: "chat", input });
  expect(answerOf(turn)).toMatch(/^Done\..*not saved: .+ does not reply; check the disk/s);
});
