/** Limits and the ledger through the built program: across processes, for every front end, and what `spend` shows. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

function homeWith(limits: string): string {
  const home = scratchFolder();
  const folder = join(home, ".config", "seren-bridge");
  mkdirSync(join(home, ".config"), { mode: 0o700 });
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, "config.toml"), `[limits]\n${limits}\n`, { mode: 0o600 });
  return home;
}

/** What has been noted so far, whatever the files are called. */
function ledgerOf(home: string): string {
  const files = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jsonl"));
  return files.map((name) => readFileSync(join(home, name), "utf8")).join("");
}

const terminal = (home: string, env: Record<string, string>, ...args: string[]) => startTerminal(env, args, home).ended;
const costs = (usd: string, ...more: object[]) => script({ usage: { inference_usd: usd, compute_usd: "0" } }, ...more);

describe("a limit", () => {
  test("holds across processes that start at once", async () => {
    const server = await startCloud();
    const home = homeWith("runs_per_hour = 2");
    const all = await Promise.all(Array.from({ length: 5 }, () => terminal(home, server.env, "run", "hello")));
    expect(all.map(({ code }) => code).sort()).toEqual([0, 0, 1, 1, 1]);
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 2, createsReceived: 2 });
    for (const { code, stderr } of all) if (code !== 0) expect(stderr).toContain("limits.runs_per_hour");
  });

  test("of the day refuses the next run of every host, in its own words, and says how to raise it", async () => {
    const server = await startCloud();
    const home = homeWith("day_usd = 1.00");
    expect((await terminal(home, server.env, "run", costs("1.25"))).code).toBe(0);
    const env = { ...server.env, HOME: home, XDG_CONFIG_HOME: undefined, XDG_STATE_HOME: `${home}/state` };
    const words = /runs of this machine may cost \$1\.00 a day, and those of today have cost \$1\.25\. This is final/;

    const refused = await terminal(home, server.env, "run", "hello", "--json");
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ type: "error", message: expect.stringMatching(words) });
    expect(refused.stdout).toContain(join(home, ".config", "seren-bridge", "config.toml"));

    const courier = new CourierHost({ env });
    const session = await courier.open(parcel("chat"));
    expect(JSON.stringify(await courier.run(parcel("chat"), session, { kind: "chat", input: "hello" }))).toMatch(words);

    const roder = await RoderHost.initialized({ env });
    const called = await roder.tool("seren_dispatch", { prompt: "hello" });
    expect(called).toMatchObject({ isError: true, content: expect.stringMatching(words) });
    await roder.end();
    expect(server.cloud.stats()).toMatchObject({ runsStarted: 1, createsReceived: 1 });
  });

  test("whose ledger cannot be written starts nothing", async () => {
    const server = await startCloud();
    const home = homeWith("day_usd = 1.00");
    mkdirSync(join(home, "state", "seren-bridge"), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, "state", "seren-bridge", "spend"), "");
    const { code, stderr } = await terminal(home, server.env, "run", "hello");
    expect(code).toBe(2);
    expect(stderr).toContain("what runs have cost cannot be looked up, so none is started");
    rmSync(join(home, "state", "seren-bridge", "spend"));
    expect((await terminal(home, server.env, "run", "hello")).code).toBe(0);
  });

  test("of active runs is free again after a crash, once the run was swept", async () => {
    const server = await startCloud();
    const home = homeWith("active_runs = 1");
    const { child, ended } = startTerminal(server.env, ["run", script({ hang: true })], home);
    const run = await server.run(0);
    await vi.waitFor(() => expect(ledgerOf(home)).toContain('"kind":"run"'));
    const second = await terminal(home, server.env, "run", "hello");
    expect(second.stderr).toContain("limits.active_runs");
    child.kill("SIGKILL");
    await ended;
    await terminal(home, server.env, "agents"); // every start sweeps
    expect(await run.ended).toBe("cancelled");
    expect(await terminal(home, server.env, "run", "hello")).toMatchObject({ code: 0, stderr: "" });
  });

  test("knows of a run whose process was killed before it had its id", async () => {
    const server = await startCloud({
      faults: { seed: 1, rules: [{ kind: "late_reply", where: "create_run", ms: 5_000, times: 1 }] },
    });
    const home = homeWith("active_runs = 1");
    const usage = { usage: { inference_usd: "0.75", compute_usd: "0" } };
    const { child, ended } = startTerminal(server.env, ["run", script(usage, { text: "x" }, { hang: true })], home);
    const run = await server.run(0);
    child.kill("SIGKILL");
    await ended;
    expect(ledgerOf(home)).not.toContain('"kind":"run"');
    await vi.waitUntil(async () => {
      await terminal(home, server.env, "agents"); // every start sweeps
      return ledgerOf(home).includes('"kind":"end"');
    }, 20_000);
    expect(await run.ended).toBe("cancelled");
    expect(await terminal(home, server.env, "run", "hello")).toMatchObject({ code: 0, stderr: "" });
    const { stdout } = await terminal(home, server.env, "spend", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ runs: 2, usd: expect.stringMatching(/^0\.75/), open: 0 });
  });
});

describe("spend", () => {
  test("adds up by day, host and agent, and compares with the service", async () => {
    const server = await startCloud();
    const home = homeWith("");
    for (const usd of ["0.10", "0.20"]) await terminal(home, server.env, "run", costs(usd));
    const { code, stdout, stderr } = await terminal(home, server.env, "spend", "--days", "3", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ days: 3, runs: 2, usd: "0.300000", open: 0 });
    expect(said.by_day.map(({ usd }: { usd: string }) => usd)).toEqual(["0.000000", "0.000000", "0.300000"]);
    expect(said.by_host).toEqual([{ host: "terminal", runs: 2, usd: "0.300000" }]);
    expect(said.by_agent).toHaveLength(1);
    expect(said.deployments).toMatchObject([{ usd: "0.300000", service_usd: "0.300000", service_runs: 2 }]);
  });

  test("takes a service that answers in its own way, or not at all", async () => {
    const server = await startCloud();
    const home = homeWith("");
    await terminal(home, server.env, "run", costs("0.10"));
    const { stdout } = await terminal(home, { ...server.env, SEREN_API_KEY: "another-key-4711" }, "spend", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ usd: "0.100000", deployments: [{ service_usd: null }] });
  });

  test("says when nothing is noted, and keeps no ledger then", async () => {
    const server = await startCloud();
    const home = scratchFolder();
    await terminal(home, server.env, "run", costs("0.10"));
    const { code, stdout, stderr } = await terminal(home, server.env, "spend", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runs: 0 });
    expect(stderr).toContain("Nothing is noted: there is no [limits] in the configuration file");
  });

  test.each(["0", "401", "-1", "1.5", "x"])("refuses --days %s", async (days) => {
    const { code, stderr } = await terminal(scratchFolder(), { SEREN_API_BASE: "local" }, "spend", `--days=${days}`);
    expect(code).toBe(2);
    expect(stderr).toContain("--days is not a number from 1 to 400");
  });
});
