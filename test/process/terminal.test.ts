/** The terminal command as people run it: the built program, its signals, pipes and files. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { PROGRAM, requireBuilt, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startLocalService } from "../support/child-process/local-service.ts";
import { startTerminal as start } from "../support/child-process/terminal-child.ts";

/** What the journal still has on disk. */
const journal = (home: string) => {
  const root = join(home, "state", "seren-bridge", "runs");
  return existsSync(root)
    ? readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".entry"))
    : [];
};

test("without a key, inside the program", async () => {
  const { ended } = start({ SEREN_API_BASE: "local" }, ["run", "hello"]);
  expect(await ended).toEqual({
    code: 0,
    stdout: "You said: hello\nInstructions: SKILL.md.\nEarlier turns in this conversation: 0.\n",
    stderr: "",
  });
});

test("an ended run leaves nothing in the journal", async () => {
  const server = await startCloud();
  const home = scratchFolder();
  expect((await start(server.env, ["run", "hello"], home).ended).code).toBe(0);
  expect(journal(home)).toEqual([]);
});

test("a detached run is cancelled neither by its command nor by later ones", async () => {
  const server = await startCloud();
  const home = scratchFolder();
  expect(
    (await start(server.env, ["run", "--detach", script({ text: "on\n" }, { approve: "go" })], home).ended).code,
  ).toBe(0);
  expect(journal(home)).toEqual([]);
  const { runId } = await server.run(0);
  expect(
    (await start(server.env, ["run", "-t", "20s", script({ sleep_ms: 1500 }, { text: "x" })], home).ended).code,
  ).toBe(0);
  expect(server.cloud.stats()).toMatchObject({ runsActive: [runId], cancelsReceived: 0 });
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s cancels the remote run", async (signal) => {
  const server = await startCloud();
  const { child, ended } = start(server.env, ["run", script({ text: "started\n" }, { hang: true })]);
  await once(child.stdout, "data");
  child.kill(signal);
  expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining("the run was cancelled") });
  expect(await (await server.run(0)).ended).toBe("cancelled");
});

test("a second Ctrl-C leaves at once; the next command cancels what was left", async () => {
  const server = await startCloud({ faults: { rules: [{ kind: "hang", where: "cancel", times: 1 }] } });
  const home = scratchFolder();
  const { child, ended } = start(server.env, ["run", script({ text: "started\n" }, { hang: true })], home);
  await once(child.stdout, "data");
  child.kill("SIGINT");
  await once(child.stderr, "data");
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  expect(journal(home)).toHaveLength(1);
  const next = start(server.env, ["run", script({ sleep_ms: 3000 })], home);
  expect(await (await server.run(0)).ended).toBe("cancelled");
  next.child.kill("SIGINT");
  await next.ended;
});

test("a reader that goes away cancels the run", async () => {
  const server = await startCloud();
  const { child, ended } = start(server.env, ["run", script({ text: "line {i}\n", n: 100_000, every_ms: 1 })]);
  await once(child.stdout, "data");
  child.stdout.destroy();
  expect((await ended).code).toBe(130);
  expect(await (await server.run(0)).ended).toBe("cancelled");
});

test("local serves, shows its requests and ends at Ctrl-C", async () => {
  const { child, ended } = start({}, ["local", "--port", "0"]);
  let greeting = "";
  while (!greeting.includes("Requests:")) greeting += ((await once(child.stdout, "data")) as [string])[0];
  const [, origin = "", key = ""] = /SEREN_API_BASE=(\S+) SEREN_API_KEY=(\S+)/.exec(greeting) ?? [];
  const run = await start({ SEREN_API_BASE: origin, SEREN_API_KEY: key }, ["run", script({ text: "served" })]).ended;
  expect(run).toMatchObject({ code: 0, stdout: "served\n" });
  child.kill("SIGINT");
  const { code, stdout } = await ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^202 +POST +\/deployments\/[0-9a-f-]{36}\/runs \d+ms$/m);
});

test.each([
  [["--port", "99999"], 2],
  [["--key", "short"], 2],
  [["--key", "a key with blanks"], 2],
  [["--faults", "/no/such/plan.json"], 2],
])("local %j is refused", async (args, code) => {
  expect(await start({}, ["local", ...args]).ended).toMatchObject({ code });
});

const haveScript = spawnSync("script", ["--version"]).status === 0;
test.runIf(haveScript)("on a terminal there is a live view, and nothing of it but the answer stays", async () => {
  const home = scratchFolder();
  const command = `"${process.execPath}" "${requireBuilt(PROGRAM)}" run hello`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: { PATH: process.env.PATH, HOME: home, TERM: "xterm", LANG: "C.UTF-8", SEREN_API_BASE: "local" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(0);
  expect(shown).toContain("Ctrl-C cancels");
  expect(shown).toContain("You said: hello\r\n");
  expect(shown).toMatch(/✓ completed in \d/);
});

/** Everything a chunk loads at once, by following its static imports. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const code = readFileSync(join(PROGRAM, "..", file), "utf8");
  for (const [, next = ""] of code.matchAll(
    /^(?:import|export)[^"'(]*?from\s*["']\.\/([^"']+)["']|^import\s*["']\.\/([^"']+)["']/gm,
  )) {
    if (next) loadedWith(next, seen);
  }
  return seen;
}

test.each(["courier", "roder"])("%s loads nothing of the terminal", (mode) => {
  const files = [...loadedWith(`${mode}.mjs`)];
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    const code = readFileSync(join(PROGRAM, "..", file), "utf8");
    for (const sign of ["src/adapters/terminal/", "CommanderError", "@clack", "picocolors"])
      expect(code, file).not.toContain(sign);
  }
});

describe.runIf(existsSync("/dev/full"))("an output that cannot be written", () => {
  const toFullDisk = async (env: Record<string, string>, args: readonly string[], input = "") => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [requireBuilt(PROGRAM), ...args], {
      env: { PATH: process.env.PATH ?? "", HOME: scratchFolder(), ...env },
      stdio: ["pipe", full, "pipe"],
      input,
      encoding: "utf8",
    });
    closeSync(full);
    return { status, stderr };
  };

  test.each([
    ["run", "hello"],
    ["run", "--json", "hello"],
  ])("of `%s %s` is named, and the run is not thrown away for it", async (...args) => {
    const { status, stderr } = await toFullDisk({ SEREN_API_BASE: "local" }, args);
    expect(status).toBe(1);
    expect(stderr).toContain("stdout cannot be written: ENOSPC: no space left on device\n");
    expect(stderr).toMatch(/the run [0-9a-f-]{36} was not stopped for it/);
  });

  test.each(["courier", "deployment", "roder", "mcp", "acp"])("of a host's child (%s) is named", async (mode) => {
    const question = `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} })}\n`;
    const { status, stderr } = await toFullDisk({ SEREN_API_BASE: "local" }, [mode], question);
    expect(status).toBe(1);
    expect(stderr).toContain("stdout cannot be written: ENOSPC: no space left on device\n");
  });

  test.each([["--help"], ["agents"], ["local", "--port", "0"]])("of `%s` is named", async (...args) => {
    const said = await toFullDisk({ SEREN_API_BASE: "local" }, args);
    expect(said).toEqual({
      status: 1,
      stderr: "seren-bridge: stdout cannot be written: ENOSPC: no space left on device\n",
    });
  });
});

describe.skipIf(process.platform === "win32")("under nohup, the end of the terminal ends nothing", () => {
  const SLOW = script({ text: "started\n" }, { sleep_ms: 500 }, { text: "whole\n" });

  test("as a shell shows it in `_`", async () => {
    const { child, ended } = start({ SEREN_API_BASE: "local", _: "/usr/bin/nohup" }, ["run", SLOW]);
    await once(child.stdout, "data");
    child.kill("SIGHUP");
    expect(await ended).toEqual({ code: 0, stdout: "started\nwhole\n", stderr: "" });
  });

  test("where all three streams were redirected, which leaves no other trace", async () => {
    const output = join(scratchFolder(), "output");
    const file = openSync(output, "w");
    const child = spawn(process.execPath, [requireBuilt(PROGRAM), "run", SLOW], {
      env: { PATH: process.env.PATH, HOME: scratchFolder(), SEREN_API_BASE: "local" },
      stdio: ["ignore", file, file],
    });
    closeSync(file);
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = once(child, "close");
    while (readFileSync(output, "utf8") === "") await setTimeout(20);
    child.kill("SIGHUP");
    expect(await ended).toEqual([0, null]);
    expect(readFileSync(output, "utf8")).toBe("started\nwhole\n");
  });

  test.runIf(process.platform === "linux")("as the parent shows it", async () => {
    const command = ["-c", 'trap "" HUP; "$0" "$@"; exit $?', process.execPath, requireBuilt(PROGRAM), "run", SLOW];
    const child = spawn("sh", command, {
      env: { PATH: process.env.PATH, HOME: scratchFolder(), SEREN_API_BASE: "local" },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = once(child, "close");
    await once(child.stdout, "data");
    process.kill(-(child.pid ?? 0), "SIGHUP");
    expect((await ended)[0]).toBe(0);
    expect(said).toBe("started\nwhole\n");
  });
});

describe.skipIf(process.platform === "win32")("a journal that cannot be written", () => {
  const run = async (env: Record<string, string>) => {
    const server = await startCloud();
    const home = scratchFolder();
    writeFileSync(join(home, "state"), "a file where the state folder should be");
    return start({ ...server.env, ...env }, ["run", script({ text: "done" })], home).ended;
  };

  test("is said in words to a person", async () => {
    const { code, stdout, stderr } = await run({});
    expect({ code, stdout }).toEqual({ code: 0, stdout: "done\n" });
    expect(stderr).toMatch(/^seren-bridge: warning: the journal could not be written; .*\n$/);
  });

  test("is a JSON line for who asked for a log", async () => {
    const { stderr } = await run({ SEREN_BRIDGE_LOG: "warn" });
    expect(JSON.parse(stderr.split("\n")[0] ?? "")).toMatchObject({ level: "warn", host: "terminal" });
  });
});

test("`local --key` with the key of this shell prints no line with something else in the key's place", async () => {
  const { banner, origin } = await startLocalService(["--key", "the-key-of-this-shell"], {
    SEREN_API_KEY: "the-key-of-this-shell",
  });
  expect(banner).toContain(`  export SEREN_API_BASE=${origin}\n`);
  expect(banner).toContain("SEREN_API_KEY is what --key gives");
  expect(banner).not.toContain("[redacted]");
});
