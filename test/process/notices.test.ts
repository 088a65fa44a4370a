/** Notices through the built program: what a hook gets, in every case once, and what a terminal shows. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { API_KEY, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { HAVE_PTY, startPty } from "../support/child-process/pty.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

/** A home folder whose hook collects what it gets. */
function homeWith(notify: string): {
  home: string;
  told: () => Record<string, unknown>[];
  env: Record<string, string>;
} {
  const home = scratchFolder();
  const folder = join(home, ".config", "seren-bridge");
  mkdirSync(join(home, ".config"), { mode: 0o700 });
  mkdirSync(folder, { mode: 0o700 });
  const collected = join(home, "told.jsonl");
  const hook = join(home, "hook.mjs");
  writeFileSync(
    hook,
    `import { appendFileSync, readFileSync } from "node:fs";
     appendFileSync(${JSON.stringify(collected)}, JSON.stringify({ ...JSON.parse(readFileSync(0, "utf8")), env: process.env, argv: process.argv.slice(2) }) + "\\n");`,
  );
  const command = `command = [${[process.execPath, hook, "an argument; $HOME"].map((word) => JSON.stringify(word)).join(", ")}]`;
  writeFileSync(join(folder, "config.toml"), `[notify]\n${notify.replace("HOOK", command)}\n`, { mode: 0o600 });
  const told = () =>
    existsSync(collected)
      ? readFileSync(collected, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
      : [];
  return { home, told, env: { HOME: home } };
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
};
const terminal = (home: string, env: Record<string, string>, ...args: string[]) => startTerminal(env, args, home).ended;

describe("a hook", () => {
  test("gets one object for a run, the arguments as they are, and no key", async () => {
    const server = await startCloud();
    const { home, told } = homeWith("HOOK");
    const text = `${"é".repeat(600)} $(touch x) \u001b]0;t\u0007`;
    expect(await terminal(home, server.env, "run", script({ text }))).toMatchObject({ code: 0, stderr: "" });
    await until(() => told().length > 0);
    const [only, ...more] = told();
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      event: "completed",
      host: "terminal",
      status: "completed",
      text: `${"é".repeat(499)}…`,
      run_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      argv: ["an argument; $HOME"],
    });
    expect(JSON.stringify(only?.env)).not.toContain(API_KEY);
    expect(only?.env).toMatchObject({ HOME: home });
  });

  test.each([
    ["failed", script({ fail: "no such file" }), { status: "failed", text: "no such file" }],
    ["cancelled", script({ status: "cancelled" }), { status: "cancelled" }],
  ])("is told of a run that %s", async (event, prompt, expected) => {
    const server = await startCloud();
    const { home, told } = homeWith("HOOK");
    await terminal(home, server.env, "run", prompt);
    await until(() => told().length > 0);
    expect(told()).toEqual([expect.objectContaining({ event, ...expected })]);
  });

  test("is told what waits for a person, once, and of a host's run like of a command's", async () => {
    const server = await startCloud();
    const { told, env } = homeWith("HOOK");
    const host = new CourierHost({ env: { ...server.env, ...env, XDG_CONFIG_HOME: undefined } });
    const session = await host.open(parcel("chat"));
    await host.run(parcel("chat"), session, {
      kind: "chat",
      input: script({ approve: "deploy", args: { to: "prod" } }),
    });
    await until(() => told().length > 0);
    expect(told()).toEqual([
      expect.objectContaining({
        event: "needs_approval",
        host: "dispatch",
        status: "awaiting_approval",
        text: expect.stringContaining("deploy"),
      }),
    ]);
  });

  test("is told of a cost, and of nothing that was not asked for", async () => {
    const server = await startCloud();
    const { home, told } = homeWith('HOOK\ncost_usd = 1.5\nevents = ["cost"]');
    await terminal(home, server.env, "run", script({ usage: { inference_usd: "1.499999", compute_usd: "0" } }));
    await terminal(home, server.env, "run", script({ usage: { inference_usd: "1.25", compute_usd: "0.25" } }));
    await until(() => told().length > 0);
    expect(told()).toEqual([
      expect.objectContaining({
        event: "cost",
        cost_usd: "1.500000",
        text: "has cost $1.50; you wanted to know from $1.50 on",
      }),
    ]);
  });

  test("is told once, however many follow the run", async () => {
    const server = await startCloud();
    const { home, told } = homeWith("HOOK");
    const { stdout } = await terminal(home, server.env, "run", "--detach", script({ sleep_ms: 700 }, { text: "x" }));
    const id = stdout.trim();
    expect(told()).toEqual([]);
    const followers = Array.from({ length: 4 }, () => terminal(home, server.env, "runs", "follow", id));
    for (const one of await Promise.all(followers)) expect(one.code).toBe(0);
    await terminal(home, server.env, "runs", "follow", id);
    await until(() => told().length > 0);
    expect(told()).toEqual([expect.objectContaining({ event: "completed", run_id: id })]);
  });

  test("that hangs, fails or does not exist fails and delays no run", async () => {
    const server = await startCloud();
    for (const [command, words] of [
      [`["${process.execPath}", "-e", "setInterval(() => 1, 1000)"]`, ""],
      [`["${process.execPath}", "-e", "process.exit(3)"]`, "the notice command ended with code 3"],
      ['["/no/such/program"]', "the notice command could not be started: it does not exist"],
      [`["${scratchFolder()}"]`, "the notice command could not be started: permission denied"],
    ] as const) {
      const { home } = homeWith(`command = ${command}`);
      const { code, stdout, stderr } = await terminal(home, server.env, "run", script({ text: "ok\n" }));
      expect([code, stdout]).toEqual([0, "ok\n"]);
      expect(stderr).toContain(words);
    }
  });
});

test("what is wrong with a way of telling is said once by a process, however many runs end", async () => {
  const server = await startCloud();
  const { env } = homeWith('command = ["/no/such/program"]');
  const host = new CourierHost({ env: { ...server.env, ...env, XDG_CONFIG_HOME: undefined } });
  const session = await host.open(parcel("chat"));
  for (let runs = 0; runs < 3; runs += 1)
    await host.run(parcel("chat"), session, { kind: "chat", input: script({ text: "ok" }) });
  await host.end();
  expect(host.child.stderr.match(/the notice command could not be started/g)).toHaveLength(1);
});

test("a run whose process is killed is told of by the next one, once", async () => {
  const server = await startCloud();
  const { home, told } = homeWith("HOOK");
  const { child, ended } = startTerminal(server.env, ["run", script({ hang: true })], home);
  const run = await server.run(0);
  await until(() => existsSync(join(home, "state", "seren-bridge", "runs")));
  child.kill("SIGKILL");
  await ended;
  expect(told()).toEqual([]);
  for (let starts = 0; starts < 2; starts += 1) await terminal(home, server.env, "agents");
  await until(() => told().length > 0);
  await terminal(home, server.env, "agents");
  expect(told()).toEqual([expect.objectContaining({ event: "cancelled", run_id: run.runId, host: "terminal" })]);
});

test("nothing is sent, and nothing written, where nothing is configured", async () => {
  const server = await startCloud();
  const home = scratchFolder();
  expect((await terminal(home, server.env, "run", "hello")).code).toBe(0);
  expect(existsSync(join(home, "state", "seren-bridge", "notices"))).toBe(false);
});

describe.runIf(HAVE_PTY)("a terminal", () => {
  const BEL = "\u0007";
  test.each([
    ["rings", { TERM: "xterm" }, BEL],
    ["takes OSC 9", { TERM: "xterm-kitty" }, "\u001b]9;Seren Cloud: a run completed (terminal): all, done\u001b\\"],
    ["takes OSC 777", { TERM: "foot" }, "\u001b]777;notify;Seren Cloud: a run completed (terminal);all, done\u001b\\"],
    ["in a multiplexer rings", { TERM: "xterm-kitty", TMUX: "x" }, BEL],
  ])("%s", async (_, env, expected) => {
    const server = await startCloud();
    const { env: place } = homeWith("bell = true");
    const pty = startPty({ ...server.env, ...place, ...env }, [
      "run",
      script({ text: "all; done\u001b]9;evil\u0007\u009c" }),
    ]);
    expect(await pty.ended).toBe(0);
    expect(pty.shown()).toContain(expected);
    expect(pty.shown()).not.toContain("9;evil");
    expect(pty.shown().split(BEL)).toHaveLength(2);
  });
});
