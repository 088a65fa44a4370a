import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { EXIT_MEANINGS } from "../../../../src/adapters/terminal/exit-code.ts";
import { RunOutputLineSchema } from "../../../../src/adapters/terminal/live/run-output-schema.ts";
import { API_KEY } from "../../../support/child-process/child.ts";
import { script, startCloud } from "../../../support/child-process/cloud.ts";
import { TestTerminal } from "./harness.ts";
import { TerminalEmulator } from "./terminal-emulator.ts";

const start = async () => {
  const server = await startCloud();
  return { server, terminal: new TestTerminal(server.env) };
};
const keyless = async () => {
  const server = await startCloud();
  return { server, terminal: new TestTerminal({ SEREN_API_BASE: server.env.SEREN_API_BASE }) };
};
const CREDENTIALS =
  process.platform === "win32" ? "seren-bridge/credentials.json" : "config/seren-bridge/credentials.json";

describe("help", () => {
  test("lists every exit code and every command", async () => {
    const { stdout, code } = await new TestTerminal({}).run(["--help"]);
    expect(code).toBe(0);
    for (const [number, meaning] of EXIT_MEANINGS) expect(stdout).toContain(`  ${String(number).padEnd(5)}${meaning}`);
  });

  test.each([
    "run",
    "watch",
    "runs",
    "runs list",
    "runs show",
    "runs follow",
    "runs cancel",
    "runs resume",
    "approvals list",
    "approvals approve",
    "approvals reject",
    "agents",
    "deployments list",
    "deployments prune",
    "login",
    "logout",
    "doctor",
    "setup",
    "setup dispatch",
    "setup roder",
    "local",
    "completion",
  ])("%s has examples", async (words) => {
    const { stdout, code } = await new TestTerminal({}).run([...words.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("\nExamples:\n  # ");
  });

  test("the version", async () => {
    expect(await new TestTerminal({}).run(["--version"])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  });
});

describe("login and logout", () => {
  test("a key the service accepts is stored for its owner only, used, and forgotten", async () => {
    const { terminal } = await keyless();
    const said = await terminal.run(["login", "--stdin"], { stdin: `${API_KEY}\n` });
    const path = join(terminal.home, CREDENTIALS);
    expect(said.code).toBe(0);
    expect(said.stdout + said.stderr).not.toContain(API_KEY);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ api_key: API_KEY });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await terminal.run(["run", script({ text: "ok" })])).stdout).toBe("ok\n");
    expect((await terminal.run(["logout"])).code).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect((await terminal.run(["logout"])).stdout).toContain("There is no stored key");
  });

  test("the key of the seren command is offered by doctor, and stored only when a person says so", async () => {
    const { terminal } = await keyless();
    const path = join(terminal.home, dirname(dirname(CREDENTIALS)), "seren", "credentials.toml");
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const own = join(terminal.home, CREDENTIALS);
    const missing = await terminal.run(["login", "--from-seren"]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("has stored no key on this machine") });

    writeFileSync(path, 'access_token = "oauth-token-4711"\n', { mode: 0o600 });
    const browser = await terminal.run(["login", "--from-seren"]);
    expect(browser.stderr).toContain("holds no API key (a sign-in through the browser");
    expect(browser.stderr).not.toContain("oauth-token-4711");

    writeFileSync(path, `[default]\napi_key = "${API_KEY}"\n`);
    const doctor = await terminal.run(["doctor"]);
    expect(doctor.stdout).toContain(`--from-seren stores the key that the seren command has in ${path}`);
    expect(doctor.stdout).not.toContain(API_KEY);
    expect(existsSync(own)).toBe(false);

    chmodSync(path, 0o666);
    expect((await terminal.run(["login", "--from-seren"])).stderr).toContain("can be changed by others");
    chmodSync(path, 0o600);
    expect((await terminal.run(["login", "--from-seren"])).code).toBe(0);
    expect(JSON.parse(readFileSync(own, "utf8"))).toMatchObject({ api_key: API_KEY });
    expect((await terminal.run(["runs", "list"])).code).toBe(0);
  });

  test("a stored key goes to no other service on a loopback port", async () => {
    const [{ terminal }, other] = [await keyless(), await keyless()];
    await terminal.run(["login", "--stdin"], { stdin: API_KEY });
    const base = other.server.env.SEREN_API_BASE;
    const elsewhere = { SEREN_API_BASE: base };
    const said = await terminal.run(["runs", "list"], { env: elsewhere });
    expect(said.code).toBe(3);
    expect(said.stderr).toContain(`is not sent to ${base}`);
    expect((await terminal.run(["runs", "list"], { env: { ...elsewhere, SEREN_API_KEY: API_KEY } })).code).toBe(0);
  });

  test.skipIf(process.platform === "win32")(
    "a link in the file's place stays; login and logout go to its target",
    async () => {
      const { terminal } = await keyless();
      const path = join(terminal.home, CREDENTIALS);
      const target = join(terminal.home, "dotfiles", "key.json");
      mkdirSync(dirname(path), { recursive: true });
      symlinkSync(target, path);
      expect((await terminal.run(["login", "--stdin"], { stdin: API_KEY })).code).toBe(0);
      expect(lstatSync(path).isSymbolicLink()).toBe(true);
      expect(readFileSync(target, "utf8")).toContain(API_KEY);
      expect((await terminal.run(["runs", "list"])).code).toBe(0);
      expect((await terminal.run(["logout"])).code).toBe(0);
      expect(existsSync(target)).toBe(false);
      expect((await terminal.run(["logout"])).stdout).toContain("There is no stored key");
    },
  );

  test("a key the service refuses is not stored, and not shown", async () => {
    const { terminal } = await keyless();
    const said = await terminal.run(["login", "--stdin"], { stdin: "seren_wrong_key_0815" });
    expect(said.code).toBe(3);
    expect(said.stderr).toContain("does not accept this key; nothing was stored");
    expect(said.stdout + said.stderr).not.toContain("seren_wrong_key_0815");
    expect(existsSync(join(terminal.home, CREDENTIALS))).toBe(false);
  });

  test("a key that cannot be checked is stored with --no-check only", async () => {
    const terminal = new TestTerminal({ SEREN_API_BASE: "http://127.0.0.1:1" });
    expect((await terminal.run(["login", "--stdin"], { stdin: API_KEY })).code).toBe(4);
    expect((await terminal.run(["login", "--stdin", "--no-check"], { stdin: API_KEY })).code).toBe(0);
  });

  test("without a terminal it does not wait for somebody to type", async () => {
    const { terminal } = await keyless();
    expect(await terminal.run(["login"])).toMatchObject({ code: 2 });
  });
});

describe("approvals", () => {
  const WAITS = script(
    { approve: "deploy", args: { env: "prod", note: "a\u202eb" }, reason: "touches production" },
    { text: "done" },
  );
  const waiting = async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "--approvals", "return", WAITS]);
    return { server, terminal, runId: (await server.run(0)).runId };
  };

  test("nothing is decided without a person, and what would be is shown whole", async () => {
    const { server, terminal, runId } = await waiting();
    const said = await terminal.run(["approvals", "approve", runId]);
    expect(said.code).toBe(2);
    expect(said.stderr).toContain('"note": "a\\u202eb"');
    expect(said.stderr).toContain("--yes says that one has");
    expect(server.cloud.stats().runsActive).toEqual([runId]);
  });

  test("numbers are shown and listed with the digits they were sent with", async () => {
    const { server, terminal } = await start();
    const args = '{"cents":12345678901234567890,"most":1e999}';
    await terminal.run(["run", "--approvals", "return", `@script [{"approve":"pay","args":${args}}]`]);
    const { runId } = await server.run(0);
    const { stderr } = await terminal.run(["approvals", "approve", runId]);
    expect(stderr).toContain('"cents": 12345678901234567890,\n');
    expect(stderr).toContain('"most": 1e999\n');
    const [listed] = JSON.parse((await terminal.run(["approvals", "list"])).stdout);
    expect(listed.requests[0].args_text).toBe(args);
  });

  test.each([
    ["approve", "completed"],
    ["reject", "blocked"],
  ])("%s --yes leads to a run that is %s; a second decision is refused", async (word, status) => {
    const { server, terminal, runId } = await waiting();
    expect((await terminal.run(["approvals", "list"])).stdout).toContain(runId);
    expect((await terminal.run(["approvals", word, runId, "--yes"])).code).toBe(0);
    expect(await (await server.run(0)).ended).toBe(status);
    const again = await terminal.run(["approvals", word, runId, "--yes"]);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`does not wait for an approval; it is ${status}`),
    });
  });

  test("a decision that continues in another run names that one", async () => {
    const server = await startCloud({ approvalResume: "new_run" });
    const terminal = new TestTerminal(server.env);
    await terminal.run(["run", "--approvals", "return", WAITS]);
    const { runId } = await server.run(0);
    const said = await terminal.run(["approvals", "approve", runId, "--yes"]);
    expect(said.stdout).toMatch(/^Approved\. Follow it with: seren-bridge runs follow [0-9a-f-]{36}\n$/);
    expect(said.stdout).not.toContain(runId);
  });
});

describe("runs", () => {
  test("list, show and cancel take the beginning of an id", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "--detach", script({ text: "so far" }, { hang: true })]);
    const { runId } = await server.run(0);
    const [listed] = JSON.parse((await terminal.run(["runs", "list", "--active"])).stdout) as object[];
    expect(listed).toMatchObject({ run_id: runId, state: "running" });
    expect(JSON.parse((await terminal.run(["runs", "show", runId.slice(0, 6)])).stdout)).toMatchObject({
      text: "so far",
    });
    expect((await terminal.run(["runs", "cancel", runId.slice(0, 6)])).code).toBe(0);
    expect(await (await server.run(0)).ended).toBe("cancelled");
    expect((await terminal.run(["runs", "cancel", runId])).stdout).toContain("it is cancelled");
  });

  test("on a terminal there is a table", async () => {
    const { terminal } = await start();
    await terminal.run(["run", script({ text: "x" })]);
    const stdout = new TerminalEmulator(100);
    await terminal.run(["runs", "list"], { stdout });
    expect(stdout.screen[0]).toMatch(/^RUN +STATE +AGENT +STARTED +TOOK +COST +MESSAGE$/);
    expect(stdout.screen[1]).toMatch(/^[0-9a-f]{8} {2}completed {2}general /);
  });

  test.each(["xyz", "ab"])("%j is no id", async (id) => {
    const { terminal } = await start();
    expect(await terminal.run(["runs", "show", id])).toMatchObject({ code: 2 });
  });
});

describe("deployments prune", () => {
  test("offers what we made and nobody uses, deletes it with --yes, and leaves the rest alone", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "examples/parcels/basic", "hello"]);
    await terminal.run(["run", "hello"]);
    expect((await terminal.run(["deployments", "prune"])).stdout).toContain("No deployment of seren-bridge failed");
    const asked = await terminal.run(["deployments", "prune", "--unused-for", "1ms"]);
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining("nothing was deleted") });
    expect((await terminal.run(["deployments", "prune", "--unused-for", "1ms", "--yes"])).stdout).toContain(
      "1 deployment deleted.",
    );
    expect(server.cloud.stats()).toMatchObject({ deploymentsCreated: 2, deploymentsDeleted: 1 });
    const left = JSON.parse((await terminal.run(["deployments", "list"])).stdout) as { name: string }[];
    expect(left.map(({ name }) => name)).toEqual([expect.stringMatching(/^seren-bridge-agent-/)]);
  });

  test("nothing is deleted where the clocks disagree, and a small difference is allowed for", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "examples/parcels/basic", "hello"]);
    const prune = ["deployments", "prune", "--unused-for", "1m", "--yes"];
    for (const clockAheadMs of [2 * 86_400_000, -2 * 86_400_000]) {
      const said = await terminal.run(prune, { clockAheadMs });
      expect(said).toMatchObject({ code: 1, stdout: "" });
      expect(said.stderr).toMatch(/clocks of this machine and of Seren Cloud differ by (?:47h|2d), /);
    }
    expect((await terminal.run(prune, { clockAheadMs: 120_000 })).stdout).toContain("No deployment");
    expect(server.cloud.stats().deploymentsDeleted).toBe(0);
  });

  test("nothing is deleted where the service's answers have no date: this machine's clock alone is no measure", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "examples/parcels/basic", "hello"]);
    const gateway = createServer(async ({ url = "", method = "", headers }, response) => {
      response.sendDate = false;
      const passed = { authorization: headers.authorization ?? "" };
      const answer = await fetch(server.env.SEREN_API_BASE + url, { method, headers: passed });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    });
    await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void gateway.close());
    const { port } = gateway.address() as AddressInfo;
    const said = await terminal.run(["deployments", "prune", "--unused-for", "1d", "--yes"], {
      clockAheadMs: 2 * 86_400_000,
      env: { SEREN_API_BASE: `http://127.0.0.1:${port}` },
    });
    expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining("without a date that can be read") });
    expect(server.cloud.stats().deploymentsDeleted).toBe(0);
  });

  test("one with a run going on is never offered", async () => {
    const { server, terminal } = await start();
    const going = terminal.run(["run", "examples/parcels/basic", script({ hang: true })]);
    await server.run(0);
    const said = await terminal.run(["deployments", "prune", "--unused-for", "1ms", "--yes"]);
    expect(said.stdout).toContain("No deployment");
    terminal.interrupt();
    expect((await going).code).toBe(130);
  });
});

describe("doctor", () => {
  const states = (text: string) =>
    Object.fromEntries((JSON.parse(text) as { id: string; state: string }[]).map(({ id, state }) => [id, state]));

  test("a machine where all is well", async () => {
    const { terminal } = await start();
    await terminal.run(["run", "--detach", script({ text: "going on" }, { hang: true })]);
    await terminal.run(["setup", "dispatch", "--write"]);
    const said = await terminal.run(["doctor", "--json"]);
    expect(states(said.stdout)).toMatchObject({
      node: "ok",
      state: "ok",
      key: "ok",
      proxy: "ok",
      api: "ok",
      clock: "ok",
      stream: "ok",
      "dispatch.courier": "ok",
    });
    expect(said.code).toBe(0);
  });

  test("a program that changed after it was registered", async () => {
    const { terminal } = await start();
    await terminal.run(["setup", "dispatch", "--write"]);
    terminal.file("app/dist/seren-bridge.mjs", "#!/usr/bin/env node\n// newer\n", 0o755);
    const said = await terminal.run(["doctor"]);
    expect(said.code).toBe(1);
    expect(said.stdout).toContain("has changed since it was registered");
    expect(said.stdout).toContain("fix: seren-bridge setup dispatch --write");
  });

  test("no key, an open credentials file, a wrong base", async () => {
    const { terminal } = await keyless();
    expect(states((await terminal.run(["doctor", "--json"])).stdout)).toMatchObject({ key: "problem", api: "skipped" });
    await terminal.run(["login", "--stdin"], { stdin: API_KEY });
    chmodSync(join(terminal.home, CREDENTIALS), 0o644);
    expect((await terminal.run(["doctor"])).stdout).toContain("can be read by others");
    const wrong = await terminal.run(["doctor", "--json"], {
      env: { SEREN_API_BASE: "http://example.com", SEREN_API_KEY: API_KEY },
    });
    expect(states(wrong.stdout)).toMatchObject({ api: "problem" });
    expect(wrong.stdout).not.toContain(API_KEY);
  });

  test("a Roder entry that would keep Roder from starting", async () => {
    const { terminal } = await start();
    terminal.file(
      ".roder/config.toml",
      '[[process_extensions]]\nid = "roder-ext-seren-cloud"\nmanifest = "/gone.toml"\ncommand = "node"\n',
    );
    expect((await terminal.run(["doctor"])).stdout).toContain(
      "the manifest /gone.toml cannot be used (it does not exist), so Roder does not start",
    );
  });
});

describe("watch", () => {
  test("--once tells this machine's runs and those that wait for a person; --all tells the others, too", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "--detach", script({ hang: true })]);
    await terminal.run(["run", "--detach", script({ approve: "deploy" })]);
    await terminal.run(["run", "--detach", script({ hang: true })]);
    const [own, waiting, other] = [await server.run(0), await server.run(1), await server.run(2)];
    const flights = [{ runId: own.runId, deploymentId: "d", host: "roder", since: 0, owner: "alive" as const }];
    const look = async (...args: string[]) =>
      JSON.parse((await terminal.run(["watch", "--once", "--json", ...args], { flights })).stdout) as object[];
    const known = [
      { run_id: waiting.runId, state: "awaiting_approval", host: "elsewhere" },
      { run_id: own.runId, state: "running", host: "roder" },
    ];
    expect(await look()).toMatchObject(known);
    expect(await look("--all")).toMatchObject([...known, { run_id: other.runId, host: "elsewhere" }]);
  });

  test("where its lines cannot be written it ends, and names why", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "--detach", script({ hang: true })]);
    await server.run(0);
    const error = Object.assign(new Error("no space left"), { code: "ENOSPC", errno: -28, syscall: "write" });
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(error) });
    const { code, stderr } = await terminal.run(["watch", "--all"], { stdout });
    expect(code).toBe(1);
    expect(stderr).toContain("stdout cannot be written: no space left");
  });

  test("in a pipe it prints a line for what is there and ends at an interrupt", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", "--detach", script({ hang: true })]);
    const { runId } = await server.run(0);
    const { PassThrough } = await import("node:stream");
    const stdout = new PassThrough();
    const watching = terminal.run(["watch", "--all"], { stdout });
    const [line] = (await once(stdout, "data")) as [Buffer];
    terminal.interrupt();
    expect(line.toString()).toMatch(new RegExp(`^\\S+ {2}${runId} {2}running {2}`));
    expect((await watching).code).toBe(0);
  });

  test("in a pipe it ends at an interrupt although the service does not answer", async () => {
    const server = createServer(); // takes requests and says nothing
    onTestFinished(() => void server.close().closeAllConnections());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const terminal = new TestTerminal({ SEREN_API_BASE: `http://127.0.0.1:${port}`, SEREN_API_KEY: API_KEY });
    const watching = terminal.run(["watch", "--all"]);
    await once(server, "request");
    terminal.interrupt();
    expect((await watching).code).toBe(0);
  });
});

test.each(["bash", "zsh", "fish"])("completion %s knows commands and options", async (shell) => {
  const { stdout, code } = await new TestTerminal({}).run(["completion", shell]);
  expect(code).toBe(0);
  for (const word of ["approvals", "follow", "unused-for"]) expect(stdout).toContain(word);
});

test("docs/cli.md has the exit codes and line types there are", () => {
  const page = readFileSync("docs/cli.md", "utf8");
  for (const [code, meaning] of EXIT_MEANINGS) expect(page).toContain(`| ${code} | ${meaning} |`);
  for (const { shape } of RunOutputLineSchema.options)
    expect(page).toMatch(new RegExp(`^\\| .*\`${shape.type.value}\``, "m"));
});

describe("doctor and runs whose owner cannot be seen", () => {
  const flight = (owner: "alive" | "dead" | "unknown", since = Date.now()) => ({
    runId: "r",
    deploymentId: "d",
    host: "roder",
    since,
    owner,
  });
  const said = async (...flights: ReturnType<typeof flight>[]) => {
    const { terminal } = await start();
    return (await terminal.run(["doctor"], { flights })).stdout;
  };

  test("it offers them to a person", async () => {
    const text = await said(flight("unknown"), flight("alive"));
    expect(text).toContain("1 noted by processes that cannot be seen from here");
    expect(text).toContain("seren-bridge watch");
  });

  test("it says nothing of others, nor of those too old to go on", async () => {
    expect(await said(flight("alive"), flight("dead"), flight("unknown", 0))).not.toContain("cannot be seen");
  });
});
