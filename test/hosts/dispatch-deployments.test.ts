/**
 * Our built deployment plugin under the real Dispatch: every operation, and what can happen to `dispatch up`. Runs when
 * DISPATCH_BIN names a `dispatch` 0.4 binary; everybody else has the recorded traffic
 * (`test/fixtures/dispatch-deployment/recordings`).
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { realAmbient, sleep } from "../../src/support/ambient.ts";
import { DispatchHost, type Ended } from "./dispatch-host.ts";

const binary = process.env.DISPATCH_BIN;
if (!binary) console.info("test/hosts/dispatch-deployments: skipped, DISPATCH_BIN does not name a dispatch binary");

const AGENT = (content = "Help.") =>
  `[deployments.spec.workload.execution]\ntype = "llm"\ninstructions = [{ kind = "skill", path = "SKILL.md", content = ${JSON.stringify(content)} }]\n`;
const BINDING = (name: string, spec: string, more = "") =>
  `[[deployments]]\nname = "${name}"\nplugin = "seren-cloud"\nreconcile = "upsert"\n${more}${spec}`;
const PARCEL = '[deployments.spec.code]\nparcel_dir = "./parcel"\n';

describe.runIf(binary)("dispatch deployments", { timeout: 60_000 }, () => {
  let host: DispatchHost;
  let project: string;

  const begin = async (...rules: FaultRule[]) => {
    host = await DispatchHost.start(binary ?? "", { faults: { rules } });
    project = join(host.home, "project");
    await mkdir(project);
    await cp(host.parcel("basic"), join(project, "parcel"), { recursive: true });
  };
  afterEach(() => host?.close());

  const write = (...tables: string[]) =>
    writeFile(
      join(project, "dispatch.toml"),
      [
        'parcel = "./parcel"',
        'courier = "seren-cloud"',
        '[[extensions]]\nmanifest = "../plugin/courier-plugin.json"',
        '[[extensions]]\nmanifest = "../plugin/deployment-plugin.json"',
        ...tables,
      ].join("\n"),
    );
  const env = { RUST_BACKTRACE: "0" };
  const up = (options: { env?: Record<string, string>; args?: string[] } = {}): Promise<Ended> =>
    host.run(["up", ".", "--yes", ...(options.args ?? [])], { cwd: project, env: { ...env, ...options.env } });
  const dispatch = (...args: string[]): Promise<Ended> => {
    const registry = ["--registry", ".dispatch/registries/deployments.json"];
    return host.run(["deployment", ...args, ...registry], { cwd: project, env });
  };
  const existing = async () => (await host.call("GET", "/deployments")).map(({ name, status }) => `${name} ${status}`);
  const only = async (): Promise<Record<string, unknown>> => {
    const all = await host.call("GET", "/deployments");
    expect(all).toHaveLength(1);
    return all[0] ?? {};
  };
  const ran = ({ code, stderr, stdout }: Ended) => {
    expect(code, stderr).toBe(0);
    return stdout;
  };

  test("twice: one deployment, the same id, also without the state file", async () => {
    await begin();
    await write(BINDING("night-watch", PARCEL));
    expect(ran(await up())).toMatch(/Deployment `night-watch` upserted as [0-9a-f-]{36}/);
    const { id, name } = await only();
    expect(name).toMatch(/^night-watch-up-[0-9a-f]{8}-[0-9a-f]{12}$/);
    expect(ran(await up())).toContain(`reconciled as ${id}`);
    await rm(join(project, ".dispatch"), { recursive: true });
    expect(ran(await up())).toContain(`upserted as ${id}`);
    expect(await only()).toMatchObject({ id });
  });

  test("a changed parcel, a changed spec, a rotated secret: a new one each, and only one", async () => {
    await begin();
    const ids = new Set<unknown>();
    const next = async (...tables: string[]) => {
      await write(...tables);
      ran(await up());
      ids.add((await only()).id);
    };
    await next(BINDING("night-watch", PARCEL));
    await rm(join(project, "parcel"), { recursive: true });
    await cp(host.parcel("minimal"), join(project, "parcel"), { recursive: true });
    await next(BINDING("night-watch", PARCEL));
    const secret = (value: string) => `[deployments.spec.workload.secrets]\nTOKEN = "${value}"\n`;
    await next(BINDING("night-watch", PARCEL + secret("first-secret-1")));
    await next(BINDING("night-watch", PARCEL + secret("second-secret-2")));
    await next(BINDING("night-watch", `${PARCEL}[deployments.spec.workload.limits]\nmax_iterations = 3\n`));
    expect(ids.size).toBe(5);
  });

  test("a failed build ends with the reason, the old one serves, the next one mends it", async () => {
    await begin({ kind: "fail_build", where: "deploy", after: 1, message: "no such model" });
    await write(BINDING("night-watch", AGENT()));
    ran(await up());
    const old = await only();
    await write(BINDING("night-watch", AGENT("Help more.")));
    const failed = await up();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      "deployment `night-watch` plugin error: build_failed: the deployment failed to build: no such model",
    );
    expect(await host.call("GET", `/deployments/${old.id}`)).toMatchObject({ status: "running" });
    ran(await up());
    expect((await only()).id).not.toBe(old.id);
  });

  test("half-way: what was made before the failing binding is found again", async () => {
    await begin({ kind: "fail_build", where: "deploy", after: 1, message: "no room" });
    await write(BINDING("one", AGENT()), BINDING("two", AGENT()), BINDING("three", AGENT()));
    expect((await up()).code).toBe(1);
    const [first] = await host.call("GET", "/deployments");
    expect(ran(await up())).toContain(`Deployment \`one\` upserted as ${first?.id}`);
    expect((await existing()).map((one) => one.replace(/-[0-9a-f]{8} /, " "))).toEqual(
      expect.arrayContaining(["one-up running", "two-up running", "three-up running"]),
    );
    expect(await existing()).toHaveLength(3);
  });

  test.each(["drop", "unavailable", "cut"] as const)(
    "the answer to the create call is lost (%s): one",
    async (answer) => {
      await begin({ kind: "lost_reply", where: "deploy", answer });
      await write(BINDING("night-watch", PARCEL));
      ran(await up());
      await only();
    },
  );

  test("two at once make one; an interrupted one is finished by the next", async () => {
    await begin({ kind: "slow_build", where: "deploy", ms: 1_500, times: 9 });
    await write(BINDING("night-watch", PARCEL));
    const one = up();
    // Two hosts that write their registry of plugins in the same moment read half of it: the second begins a little later.
    while ((await existing()).length === 0) await sleep(realAmbient, 20);
    const two = up();
    ran(await one);
    ran(await two);
    const first = await only();
    await write(BINDING("night-watch", AGENT("Another.")));
    const { child, ended } = host.spawn(["up", ".", "--yes"], { cwd: project, env });
    while ((await existing()).length < 2) await sleep(realAmbient, 20);
    process.kill(-(child.pid ?? 0), "SIGINT");
    await ended;
    expect(await existing()).toHaveLength(2);
    ran(await up());
    expect((await only()).id).not.toBe(first.id);
  });

  test("dispatch run afterwards, a bound channel's label, and inspect: on what was deployed, and nothing is made", async () => {
    await begin();
    await write(BINDING("night-watch", PARCEL));
    ran(await up());
    const { id, name } = await only();
    const run = ["run", "./parcel", "--courier", "seren-cloud", "--chat", "hello"];
    expect(ran(await host.run(run, { cwd: project, env }))).toContain("You said: hello");
    // The host kills the courier right after its last reply: what is left for the next start to look into is seen here.
    expect(await readdir(join(host.home, ".local/state/seren-bridge/runs"))).toEqual([]);
    const inspected = await host.run(["parcel", "inspect", "./parcel", "--courier", "seren-cloud"], {
      cwd: project,
      env,
    });
    expect(ran(inspected)).toContain(`${name}, ${id} (made of this parcel by dispatch up`);
    await host.bind("chat", String(id));
    expect(ran(await host.run(["run", host.parcel("chat"), "--courier", "seren-cloud", "--chat", "bound"]))).toContain(
      "bound",
    );
    const runs = await host.call("GET", "/runs");
    expect(runs.map(({ deployment_id }) => deployment_id)).toEqual([id, id]);
    await only();
  });

  test("a bound channel: its turns run on the deployment of its label, and go on after the parcel has changed", async () => {
    await begin();
    const plugin = join(host.home, "plugin");
    await cp("test/hosts/channel-plugin.mjs", join(plugin, "channel-plugin.mjs"));
    const manifest = {
      kind: "channel",
      name: "channel-test",
      version: "0.0.1",
      protocol: "jsonl",
      protocol_version: 1,
      entrypoint: { command: "./channel-plugin.mjs", args: [] },
      capabilities: { channel: { platform: "test" } },
    };
    await writeFile(join(plugin, "channel-plugin.json"), JSON.stringify(manifest));
    const channel = (text: string) =>
      `[[channels]]\nname = "room"\nplugin = "channel-test"\ndeployment = "night-watch"\nmode = "poll"\nonce = true\ndeliver_replies = true\nconfig = { text = "${text}" }\n`;
    const extension = '[[extensions]]\nmanifest = "../plugin/channel-plugin.json"\n';
    const ids: unknown[] = [];
    const say = async (text: string, more = "") => {
      await write(extension, BINDING("night-watch", PARCEL + more), channel(text));
      const stdout = ran(await up());
      expect(stdout).toContain(`You said: ${text}`);
      expect(stdout).toContain("Delivered reply: reply-1 -> room-1");
      ids.push((await only()).id);
      expect((await host.call("GET", "/runs?limit=1"))[0]).toMatchObject({ deployment_id: ids.at(-1) });
    };
    await say("first");
    await say("second");
    expect(ids[1]).toBe(ids[0]);
    await rm(join(project, "parcel"), { recursive: true });
    await cp(host.parcel("minimal"), join(project, "parcel"), { recursive: true });
    await say("third");
    expect(ids[2]).not.toBe(ids[0]);
    // The session goes on with the same parcel on another deployment.
    await say("fourth", "[deployments.spec.workload.limits]\nmax_iterations = 3\n");
    expect(ids[3]).not.toBe(ids[2]);
  });

  test("code from a folder and from an archive; cron; a service that starts and stops", async () => {
    await begin();
    await mkdir(join(project, "worker"));
    await writeFile(join(project, "worker/main.py"), "print('hello')\n");
    const code = '[deployments.spec.code]\nbundle_path = "./worker"\nruntime_kind = "python"\n';
    const cron = '[deployments.spec]\ncron_schedule = "0 3 * * *"\ncron_timezone = "Europe/Berlin"\n';
    await write(
      BINDING("worker", code),
      BINDING("nightly", cron + PARCEL),
      BINDING("service", `[deployments.spec]\nmode = "always_on"\n${AGENT()}`),
    );
    ran(await up());
    const all = await host.call("GET", "/deployments");
    expect(all.map(({ mode, orchestration_mode }) => `${mode} ${orchestration_mode}`)).toEqual([
      "job script",
      "cron llm",
      "always_on llm",
    ]);
    expect(all[1]).toMatchObject({ cron_schedule: "0 3 * * *", cron_timezone: "Europe/Berlin" });
    const id = String(all[2]?.id);
    expect(ran(await dispatch("stop", "seren-cloud", id))).toBe("ok\n");
    expect(ran(await dispatch("get", "seren-cloud", id))).toContain("Status: stopped");
    expect(ran(await dispatch("start", "seren-cloud", id))).toBe("ok\n");
    expect((await dispatch("stop", "seren-cloud", String(all[0]?.id))).stderr).toContain(
      "unsupported_operation: only always_on",
    );
  });

  test("dispatch deployment: every command", async () => {
    await begin();
    await write(BINDING("night-watch", PARCEL));
    ran(await up());
    expect(ran(await dispatch("ls"))).toContain("seren-cloud\tprotocol-v1");
    expect(ran(await dispatch("capabilities", "seren-cloud"))).toContain("Supports Scheduled: true");
    const spec = join(project, "spec.json");
    await writeFile(spec, JSON.stringify({ name: "raw", code: { parcel_dir: "./parcel" } }));
    expect(ran(await dispatch("validate", "seren-cloud", spec))).toContain("Valid: true");
    const made = /Deployment ID: (\S+)/.exec(ran(await dispatch("deploy", "seren-cloud", spec)))?.[1] ?? "";
    expect(ran(await dispatch("deployments", "seren-cloud", "--filters-json", '{"name":"raw"}'))).toBe(
      `${made}\trunning\t-\n`,
    );
    await writeFile(
      spec,
      JSON.stringify({ mode: "cron", workload: { execution: { type: "llm", instructions: [] }, limits: 7 } }),
    );
    const issues = ran(await dispatch("validate", "seren-cloud", spec));
    expect(issues).toContain("Valid: false\n");
    expect(issues.match(/^ {2}\S+: /gm)).toEqual(
      expect.arrayContaining(["  cron_schedule: ", "  workload.limits: ", "  workload.execution.instructions: "]),
    );
    for (const args of [
      ["test-run", "seren-cloud", spec],
      ["revisions", "seren-cloud", made],
      ["rollback", "seren-cloud", made, "1"],
    ]) {
      const { code, stderr } = await dispatch(...args);
      expect([code, stderr]).toEqual([1, expect.stringContaining("unimplemented: ")]);
    }
    expect((await dispatch("get", "seren-cloud", "nonsense")).stderr).toContain("not_found: ");
    const config = ["--config-set", "api_origin=https://elsewhere.example"];
    expect((await dispatch("deployments", "seren-cloud", ...config)).stderr).toContain(
      "configure failed: invalid_config: ",
    );
    expect(ran(await dispatch("delete", "seren-cloud", made))).toBe("ok\n");
    expect((await dispatch("delete", "seren-cloud", made)).stderr).toContain("not_found: ");
    await only();
  });

  test("--target seren-cloud works without channels and refuses them", async () => {
    await begin();
    const agent = `[deployments.spec]\nmode = "job"\n${AGENT()}`;
    const extensions = (text: string) =>
      text.replace('[[extensions]]\nmanifest = "../plugin/courier-plugin.json"\n', "");
    await write(BINDING("cloud-bot", agent));
    const path = join(project, "dispatch.toml");
    const plain = extensions(await readFile(path, "utf8"));
    await writeFile(path, plain);
    ran(await up({ args: ["--target", "seren-cloud"] }));
    await only();
    await writeFile(
      path,
      `${plain}\n[[channels]]\nname = "hook"\nplugin = "channel-hook"\ndeployment = "cloud-bot"\nmode = "listen"\nlisten = "127.0.0.1:0"\n`,
    );
    const refused = await up({ args: ["--target", "seren-cloud"] });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("invalid_spec: dispatch_channels")]);
  });
});
