/**
 * Our built courier under the real Dispatch. Runs when DISPATCH_BIN names a `dispatch` 0.4 binary; everybody else has the
 * recorded traffic (`test/fixtures/dispatch/recordings`).
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DispatchHost } from "./dispatch-host.ts";
import { startRelease } from "./dispatch-release.ts";

const binary = process.env.DISPATCH_BIN;
if (!binary) console.info("test/hosts/dispatch: skipped, DISPATCH_BIN does not name a dispatch binary");

const HANG = 'x\n@script [{"text":"some"},{"hang":true}]';
const SECRETS = { BROKER_TOKEN: "canary-broker", PLANNER_USER: "canary-user", PLANNER_PASS: "canary-pass" };

describe.runIf(binary)("dispatch", { timeout: 60_000 }, () => {
  let host: DispatchHost;
  const courier = ["--courier", "seren-cloud"];
  const runParcel = (name: string, ...args: string[]) => ["run", host.parcel(name), ...courier, ...args];

  beforeAll(async () => {
    host = await DispatchHost.start(binary ?? "");
  });
  afterAll(() => host?.close());

  test("conformance passes every check that is not skipped", async () => {
    const { code, stdout } = await host.run(["courier", "conformance", "seren-cloud", "--json"]);
    const { checks } = JSON.parse(stdout);
    expect(checks.filter(({ passed }: { passed: boolean }) => !passed)).toEqual([]);
    expect(
      checks.filter(({ skipped }: { skipped: boolean }) => skipped).map(({ name }: { name: string }) => name),
    ).toEqual(["invoke-tool", "invoke-a2a-tool"]);
    expect(code).toBe(0);
  });

  test("the catalog: add, refresh, search, show, install; then the courier runs", async () => {
    const release = await startRelease();
    try {
      const steps = [
        ["extension", "catalog", "add", `${release.origin}/extensions.json`],
        ["extension", "catalog", "refresh"],
        ["extension", "search", "seren"],
        ["extension", "show", "courier-seren-cloud"],
        ["extension", "install", "courier-seren-cloud", "--yes"],
        ["courier", "ls"],
        ["courier", "inspect", "seren-cloud"],
      ];
      const said: string[] = [];
      for (const args of steps) {
        const { code, stdout, stderr } = await host.run(args, { env: { HOME: release.home } });
        expect(code, `${args.join(" ")}: ${stderr}`).toBe(0);
        said.push(stdout);
      }
      expect(said[2]).toContain("courier-seren-cloud");
      expect(said[4]).toContain("Installed courier `seren-cloud`");
      expect(said[6]).toContain("Args: courier");
      const turn = await host.run(runParcel("basic", "--chat", "hello"), { env: { HOME: release.home } });
      expect(turn.stdout).toContain("You said: hello");
    } finally {
      await release.close();
    }
  });

  test("inspect reports the deployment and what is not sent", async () => {
    const { stdout } = await host.run(["parcel", "inspect", host.parcel("tools"), ...courier], { env: SECRETS });
    expect(stdout).toMatch(/deployment = tool-belt-57dc5cc5-[0-9a-f]{8} \(a job deployment/);
    expect(stdout).toContain("MCP servers");
  });

  test("one prompt, one listing, one refusal", async () => {
    const prompt = await host.run(runParcel("basic", "--print-prompt"));
    expect(prompt.stdout).toContain("# PROMPT\n\nAnswer in plain sentences.");
    const tools = await host.run(runParcel("tools", "--list-tools"), { env: SECRETS });
    expect(tools.stdout).toContain("greet");
    const tool = await host.run(runParcel("tools", "--tool", "greet"), { env: SECRETS });
    expect(tool.code).toBe(1);
    expect(tool.stderr).toContain("unsupported_operation: seren-cloud does not run a parcel's tools on this machine");
  });

  test("chat, job and heartbeat", async () => {
    const chat = await host.run(runParcel("basic", "--chat", "hello"));
    expect(chat.stdout).toContain("You said: hello");
    const job = await host.run(runParcel("job", "--job", "work item"), {
      env: { REPORT_DB_URL: "postgres://canary", REPORT_TOKEN: "canary-token" },
    });
    expect(job.stdout).toContain("You said: work item");
    const tick = await host.run(runParcel("heartbeat", "--heartbeat"));
    expect(tick.stdout).toContain("No message was sent.");
  });

  test("a conversation continues across commands on one deployment, whatever shutdown did before", async () => {
    const before = host.cloud.stats().deploymentsCreated;
    const turns = [];
    for (const message of ["one", "two", "three"]) {
      turns.push((await host.run(runParcel("chat", "--session-file", "chat.json", "--chat", message))).stdout);
    }
    expect(turns[0]).toContain("Earlier turns in this conversation: 0.");
    expect(turns[2]).toContain("Earlier turns in this conversation: 2.");
    expect(host.cloud.stats().deploymentsCreated - before).toBe(1);
    expect(host.cloud.stats().deploymentsDeleted).toBe(0);
    expect(JSON.parse(await host.readText("chat.json")).turn_count).toBe(3);
  });

  test("interactive", async () => {
    const { stdout } = await host.run(runParcel("basic", "--interactive"), { input: "first\n/help\nsecond\n/exit\n" });
    expect(stdout).toContain("You said: first");
    expect(stdout).toContain("You said: /help");
    expect(stdout).toMatch(/You said: second[\s\S]*Earlier turns in this conversation: 2\./);
  });

  test("eval", async () => {
    const { stdout } = await host.run(["parcel", "eval", host.parcel("tools"), ...courier], { env: SECRETS });
    expect(stdout).toContain("PASS smoke");
  });

  test("TIMEOUT RUN cancels the remote run and shows its text so far", async () => {
    const { code, stderr } = await host.run(runParcel("hurried", "--job", HANG));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /run_timeout: the time limit of the request was reached; the run was cancelled .* it had said: some/,
    );
    await host.untilActive(0);
  });

  test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("%s leaves no run active", async (signal) => {
    const { child, ended } = host.spawn(runParcel("basic", "--chat", HANG));
    await host.untilActive(1);
    // Ctrl-C reaches the whole group; a kill hits the host alone, and the courier sees the end of its input.
    process.kill(signal === "SIGINT" ? -(child.pid ?? 0) : (child.pid ?? 0), signal);
    await ended;
    await host.untilActive(0);
  });

  test("detach and stop", async () => {
    const { stdout } = await host.run(runParcel("job", "--detach", "--job", HANG), {
      env: { REPORT_DB_URL: "postgres://canary", REPORT_TOKEN: "canary-token" },
    });
    const [, id = "", log = ""] = /Started run (\S+)[\s\S]*Log: (\S+)/.exec(stdout) ?? [];
    await host.untilActive(1);
    const stopped = await host.run(["stop", id, log.replace(/\/[^/]*$/, "")]);
    expect(stopped.stdout).toContain("Stopped run");
    await host.untilActive(0);
  });

  test("a parcel bound to a deployment runs there, and nothing is made or stopped", async () => {
    const execution = { type: "llm", bundle: { instructions: [{ kind: "soul", content: "You were here before." }] } };
    const made = await host.call("POST", "/deploy", {
      mode: "job",
      skill_slug: "bound",
      name: "theirs",
      workload: { execution },
    });
    const before = host.cloud.stats().deploymentsCreated;
    const { stdout } = await host.run(runParcel("basic", "--chat", "hi"), {
      env: { SEREN_BRIDGE_DEPLOYMENT: String(made.id) },
    });
    expect(stdout).toContain("You said: hi");
    // The same by the labels the host writes into the parcel of a channel that is bound to a deployment.
    await host.bind("chat-bound-by-host", String(made.id));
    const bound = await host.run(runParcel("chat-bound-by-host", "--chat", "hi by label"));
    expect(bound.stdout).toContain("You said: hi by label");
    const runs = await host.call("GET", `/deployments/${made.id}/runs?limit=5`);
    expect(JSON.stringify(runs)).toContain("hi by label");
    expect(host.cloud.stats()).toMatchObject({ deploymentsCreated: before, deploymentsDeleted: 0 });
  });

  test("a deployment that was deleted meanwhile is created again, and the session continues", async () => {
    const turn = () => host.run(runParcel("minimal", "--session-file", "minimal.json", "--chat", "hi"));
    expect((await turn()).stdout).toContain("You said: hi");
    const named = (await host.call("GET", "/deployments")).find(({ name }) => String(name).startsWith("minimal-"));
    await host.call("DELETE", `/deployments/${named?.id}`);
    expect((await turn()).stdout).toContain("You said: hi");
  });

  test("two first turns at once share a deployment", async () => {
    const turns = await Promise.all([1, 2, 3].map((n) => host.run(runParcel("unicode", "--chat", `hi ${n}`))));
    expect(turns.map(({ code }) => code)).toEqual([0, 0, 0]);
    const runs = await host.call("GET", "/runs?limit=100");
    const used = new Set(
      runs.filter((run) => /hi [123]/.test(JSON.stringify(run.invocation_payload))).map((run) => run.deployment_id),
    );
    expect(used.size).toBe(1);
  });

  test("serve answers its HTTP hook with a heartbeat run and ends on SIGTERM", async () => {
    const { child, ended } = host.spawn(["serve", host.parcel("heartbeat"), ...courier]);
    let address: string | undefined; // the service prints it nowhere but in the list of runs
    while (!address)
      address = /127\.0\.0\.1:[1-9]\d*/.exec((await host.run(["ps", join(host.home, "runs")])).stdout)?.[0];
    const reply = await fetch(`http://${address}/hook`, { method: "POST", body: "ping" });
    expect(reply.status).toBe(202);
    const runs = JSON.stringify(await host.call("GET", "/runs?limit=5"));
    expect(runs).toContain('"operation":"heartbeat"');
    expect(runs).toContain("ping");
    process.kill(-(child.pid ?? 0), "SIGTERM");
    await ended;
    await host.untilActive(0);
  });

  test("artifacts are saved into the mounted folder", async () => {
    const script = '[{"text":"done"},{"artifact":{"id":"a1","kind":"note","title":"Note"}}]';
    const { stdout } = await host.run(runParcel("mounts", "--chat", `x\n@script ${script}`));
    expect(stdout).toMatch(/Artifacts:\n[\s\S]*- Note \(note\)/);
  });

  test.each([
    ["native", /FROM dispatch\/custom:latest|does not support|incompatible/],
    ["foreign", /FROM dispatch\/custom:latest/],
    ["mounts-unsupported", /MOUNT SESSION memory/],
    ["bound", /not_found: the deployment does not exist on Seren Cloud \(it comes from the parcel's label/],
  ])("%s is refused with the remedy", async (name, words) => {
    const { code, stderr } = await host.run(runParcel(name, "--chat", "hi"));
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
  });

  test("no key: the turn fails and explains how to provide one", async () => {
    const { code, stderr } = await host.run(runParcel("basic", "--chat", "hi"), { env: { SEREN_API_KEY: "" } });
    expect(code).toBe(1);
    expect(stderr).toContain("no Seren API key: set SEREN_API_KEY");
  });

  test("mounts: artifacts land in a local folder, the rest lives on Seren Cloud", async () => {
    const { stdout } = await host.run(runParcel("mounts", "--session-file", "mounts.json", "--chat", "hi"));
    expect(stdout).toContain("You said: hi");
    const { resolved_mounts: mounts } = JSON.parse(await host.readText("mounts.json"));
    expect(mounts.map(({ kind }: { kind: string }) => kind)).toEqual(["session", "memory", "artifacts"]);
  });
});
