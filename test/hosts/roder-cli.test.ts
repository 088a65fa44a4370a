/** The built extension in the real `roder` command, which `RODER_BIN` names. The model is scripted; nothing leaves the machine. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { RoderCli } from "./roder/cli.ts";
import { Cloud } from "./roder/cloud.ts";
import { CHECKOUT, launched, MANIFEST, PACKAGE, PROGRAM } from "./roder/package-under-test.ts";
import { PackageRegistry, packInto } from "./roder/registry.ts";
import { ScriptedModel, type Turn } from "./roder/scripted-model.ts";

const bin = process.env.RODER_BIN ?? "";
const missing = bin === "" ? "RODER_BIN names no roder 0.4.0" : existsSync(bin) ? "" : `RODER_BIN: there is no ${bin}`;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const idIn = (text: string | undefined) => UUID.exec(text ?? "")?.[0] ?? "";
const script = (name: string, ...steps: object[]) => `${name}\n@script ${JSON.stringify(steps)}`;

describe.skipIf(missing)(`the roder command${missing && ` (skipped: ${missing})`}`, { timeout: 120_000 }, () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await Cloud.start();
  });
  afterAll(() => cloud.stop());

  let roder: RoderCli;
  const models: ScriptedModel[] = [];
  beforeEach(() => {
    roder = new RoderCli(bin);
  });
  afterEach(() => {
    roder.remove();
    for (const model of models.splice(0)) model.stop();
  });

  /** A hand-written entry, as the README has it. */
  const entry = (manifest: string, program: string, recordAs?: string) => {
    const { command, args } = launched({ command: "node", args: [program, "roder"] }, recordAs);
    const own = { ...cloud.environment, SEREN_BRIDGE_STATE_DIR: join(roder.folder, "state") };
    const env = Object.entries(own).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    return `
[[process_extensions]]
id = "roder-ext-seren-cloud"
manifest = ${JSON.stringify(manifest)}
command = ${JSON.stringify(command)}
args = ${JSON.stringify(args)}
env = { ${env.join(", ")} }
`;
  };
  const modelWith = async (...turns: Turn[]) => {
    const model = await ScriptedModel.start(turns);
    models.push(model);
    const provider = `
provider = "scripted"
model = "scripted-1"

[providers.scripted]
base_url = "${model.baseUrl}"
api_key_env = "TEST_KEY"
`;
    return { model, provider };
  };

  test("tasks submit prints the run, its answer and its end", async () => {
    roder.configure(entry(MANIFEST, PROGRAM, "real-cli-task"));
    const input = { prompt: script("from the command line", { text: "Nothing found.\n" }) };
    const { code, stdout } = await roder.run("tasks", "submit", "seren-cloud-run", JSON.stringify(input));
    const run = await cloud.run("from the command line");
    expect(code).toBe(0);
    expect(stdout).toContain(`\nrun ${run.id}\n`);
    expect(stdout).toContain("Nothing found.\n");
    expect(stdout).toMatch(/\tseren-cloud-run\tCompleted\n$/);
  });

  test("a model lists agents, starts a run, asks how it is doing, cancels another: what it reads", async () => {
    const prompt = script("Count the files.", { text: "9 files.\n" }, { tool: "ls", ms: 3000 }, { text: "All plain." });
    const other = script("Another.", { text: "so far" }, { hang: true });
    const { model, provider } = await modelWith(
      () => [{ tool: "seren_agents", arguments: {} }],
      () => [
        { tool: "seren_dispatch", arguments: { prompt } },
        { tool: "seren_dispatch", arguments: { prompt: other, timeout_seconds: 600 } },
      ],
      (read) => [{ tool: "seren_run_cancel", arguments: { run_id: idIn(read[2]) } }],
      (read) => [{ tool: "seren_run_status", arguments: { run_id: idIn(read[1]) } }],
      () => [{ tool: "seren_run_status", arguments: { run_id: "the second" } }],
      () => "Two runs were started.",
    );
    roder.configure(provider + entry(MANIFEST, PROGRAM, "real-cli-model"));
    const { code, stdout } = await roder.run("exec", "--mode", "bypass", "Count the files on a remote machine.");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Two runs were started." });

    const offered = model.requests[0]?.tools.flatMap(({ name }) => (name?.startsWith("seren_") ? name : []));
    expect(offered).toEqual(["seren_agents", "seren_dispatch", "seren_run_cancel", "seren_run_status"]);
    const runs = [await cloud.run("Count the files."), await cloud.run("Another.")];
    const [id, otherId] = runs.map((run) => run.id);
    const startedText = (run: string | undefined, seconds: number) =>
      `Started run ${run}.\n` +
      `News and the answer: seren_run_status {"run_id":"${run}"}.\n` +
      `The run is cancelled after ${seconds} seconds, or when Roder exits.\n` +
      "Do other work meanwhile instead of asking in a loop. If the session stays open you can be brought back: " +
      `subscribe_event {"topic":"seren-run","prompt":"Look at Seren Cloud run ${run} with seren_run_status. Once it is over, end this with cancel_event_subscription.","intervalSeconds":60,"maxDeliveries":${seconds / 60 + 1}}.`;
    expect(model.results).toEqual([
      "seren-agent: A general agent on Seren Cloud. Works on its own machine and does not see the local workspace.\n\n" +
        'Start one with seren_dispatch and its name as "agent"; without it, the first.',
      startedText(id, 1800),
      startedText(otherId, 600),
      "the cancel is under way and needs nothing more from you; seren_run_status says when the run has stopped",
      expect.stringMatching(
        /^running(: ls)?\n\nSaid so far:\n9 files\.\n\n\nNot over\. Do other work, then look again: seren_run_status \{"run_id":"[-\da-f]+","cursor":\d+\}$/,
      ),
      expect.stringMatching(/^the arguments do not fit: run_id: is not the id of a run/),
    ]);
    // Roder has ended, and with it what the model had left running.
    const ends = await Promise.all(runs.map(({ id }) => cloud.ended(id)));
    expect(ends.map((run) => run.status)).toEqual(["cancelled", "cancelled"]);
  });

  describe("installed as a package", () => {
    const launchesBy = (launch: string) => `will launch: roder-ext-seren-cloud (${launch})`;
    /** What `roder install` is given. */
    const routes: Record<string, () => Promise<string> | string> = {
      "from a folder": () => packInto(scratch()).unpacked,
      "from git": () => {
        const repository = join(scratch(), "bridge.git");
        execFileSync("git", ["init", "--quiet", "--bare", repository]);
        const script = join(CHECKOUT, "scripts", "write-package-branch.mjs");
        execFileSync(process.execPath, [script, "--into", repository], { stdio: "pipe", env: asSomebody() });
        return `git:file://${repository}@packed`;
      },
      "from npm": async () => {
        const registry = await PackageRegistry.start();
        onTestFinished(() => registry.stop());
        roder.environment.npm_config_registry = registry.url;
        roder.environment.npm_config_cache = join(roder.folder, "npm-cache");
        return "npm:seren-bridge";
      },
    };

    test.each(Object.keys(routes))("%s: approved, restarted, used, taken away", async (route) => {
      const source = (await routes[route]?.()) ?? "";
      const installed = await roder.run("install", source);
      expect(installed).toMatchObject({ code: 0, stderr: "" });
      expect(installed.stdout).toContain(
        "1 extension (roder-ext-seren-cloud); 1 skill (seren-cloud); 2 commands (seren-run, seren-status)",
      );
      const commands = (await roder.run("commands", "list")).stdout;
      expect(commands).toMatch(/^\/seren-run +.*Start a run on Seren Cloud/m);
      expect(commands).toMatch(/^\/seren-status +.*Look at a run/m);
      expect(installed.stdout).toContain("pending approval; run `roder packages approve seren-bridge`");

      const folder = (await roder.run("packages", "list")).stdout.trim().split(/\s+/).at(-1) ?? "";

      // The skill is there before anything may run; the tools are not.
      const first = await ask();
      expect(first.offered).toEqual([]);
      expect(first.told).toContain('<skill name="seren-cloud"');
      expect(first.told).toContain("# Remote agents on Seren Cloud");
      expect(await submit("not yet")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("unknown task executor"),
      });

      const approved = await roder.run("packages", "approve", "seren-bridge");
      expect(approved.stdout).toContain(launchesBy("node roder-extension.mjs roder"));
      const second = await ask();
      expect(second.offered).toEqual(["seren_agents", "seren_dispatch", "seren_run_cancel", "seren_run_status"]);
      expect(second.answer).toMatch(/^seren-agent: /);

      // Roder gives a package's child no environment; an entry with the same id takes its place and does.
      const program = join(folder, "dist", "seren-bridge.mjs");
      roder.configure("");
      roder.environment.SEREN_API_BASE = "local";
      expect(await roder.bridge(program, "setup", "roder", "--write")).toMatchObject({ code: 0 });
      const used = await submit(`used ${route}`);
      expect(used).toMatchObject({ code: 0, stdout: expect.stringContaining(`You said: used ${route}`) });
      expect(await roder.bridge(program, "setup", "roder", "--undo", "--write")).toMatchObject({ code: 0 });

      expect(await roder.run("remove", source)).toMatchObject({ code: 0 });
      expect(existsSync(folder)).toBe(route === "from a folder");
      expect((await ask()).told).not.toContain('<skill name="seren-cloud"');
    });

    test("from git without a build: the missing build is reported", async () => {
      const repository = scratch();
      for (const file of ["roder.toml", "roder-extension.toml", "roder-extension.mjs"])
        copyFileSync(join(PACKAGE, file), join(repository, file));
      const git = (...args: string[]) => execFileSync("git", args, { cwd: repository, env: asSomebody() });
      git("init", "--quiet");
      git("add", "--all");
      git("commit", "--quiet", "-m", "a source");
      await roder.run("install", `file://${repository}`);
      await roder.run("packages", "approve", "seren-bridge");
      const { stderr } = await submit("nobody");
      expect(stderr).toMatch(
        /^\[process-ext roder-ext-seren-cloud\] seren-bridge is not built in \S+: .*the branch "packed".* npm ci && npm run build$/m,
      );
    });

    const submit = (prompt: string) => roder.run("tasks", "submit", "seren-cloud-run", JSON.stringify({ prompt }));
    /** What a model receives: the tools, the instructions, and the list of agents. */
    const ask = async () => {
      const { model, provider } = await modelWith(() => [{ tool: "seren_agents", arguments: {} }]);
      roder.configure(provider);
      await roder.run("exec", "--mode", "bypass", "$seren-cloud Which agents are there?");
      const [request] = model.requests;
      return {
        offered: request?.tools.flatMap(({ name }) => (name?.startsWith("seren_") ? name : [])),
        told: JSON.stringify([request?.instructions, request?.input]).replaceAll('\\"', '"'),
        answer: model.results[0],
      };
    };
    const scratch = () => {
      const folder = mkdtempSync(join(roder.folder, "route-"));
      return folder;
    };
    const asSomebody = () => ({
      PATH: process.env.PATH,
      HOME: roder.folder,
      GIT_AUTHOR_NAME: "somebody",
      GIT_AUTHOR_EMAIL: "somebody@example.com",
      GIT_COMMITTER_NAME: "somebody",
      GIT_COMMITTER_EMAIL: "somebody@example.com",
    });
  });
});
