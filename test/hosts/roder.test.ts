/** The built extension under Roder's own host code (its published crates), on the embedded Seren Cloud. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { LocalCloud, type LocalCloudOptions, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { buildHost } from "./roder/build-host.ts";
import { Cloud } from "./roder/cloud.ts";
import { type Entry, RoderHost } from "./roder/host.ts";
import { PACKAGE, PROGRAM } from "./roder/package-under-test.ts";

const build = await buildHost();
const program = "program" in build ? build.program : "";
if ("missing" in build) console.warn(`Skipped: the tests on Roder's host code. ${build.missing}`);

/** Returns a prompt that makes the built-in agent perform these steps. `name` identifies the run. */
const script = (name: string, ...steps: object[]) => `${name}\n@script ${JSON.stringify(steps)}`;
const HANG = { hang: true };
const SPEC = { do: "request", method: "tasks/spec", params: { executorId: "seren-cloud-run" } };

describe.skipIf("missing" in build)(
  `Roder's host code${"missing" in build ? ` (skipped: ${build.missing})` : ""}`,
  () => {
    let cloud: Cloud;
    beforeAll(async () => {
      cloud = await Cloud.start();
    });
    afterAll(() => cloud.stop());

    const hosts: RoderHost[] = [];
    afterEach(async () => {
      await Promise.all(hosts.splice(0).map((host) => host.end()));
    });
    const start = (entry: Partial<Entry> = {}, service = cloud) => {
      const host = new RoderHost(program, { ...entry, env: { ...service.environment, ...entry.env } });
      hosts.push(host);
      return host;
    };
    const startFaulty = async (options: Omit<LocalCloudOptions, "ambient">) => {
      const { origin, close } = await startLocalHttp(new LocalCloud({ ambient: realAmbient, ...options }), { port: 0 });
      onTestFinished(() => close());
      return new Cloud(origin);
    };

    describe("start", () => {
      test("the host accepts the echo and reads the definitions", async () => {
        const host = start();
        expect(await host.ask({ do: "definitions" })).toEqual([
          {
            agent_type: "seren-agent",
            description: expect.stringContaining("does not see the local workspace"),
            tools: [],
            model: null,
            system_prompt: null,
            permission_mode: "default",
            max_turns: null,
            max_result_chars: 20_000,
          },
        ]);
        expect(host.stderr).toBe("");
      });

      test("through a link, from a folder with a space in its name", async () => {
        const folder = mkdtempSync(join(tmpdir(), "seren bridge "));
        onTestFinished(() => rmSync(folder, { recursive: true }));
        const link = join(folder, "the package");
        symlinkSync(PACKAGE, link, "dir");
        const host = start({
          manifest: join(link, "roder-extension.toml"),
          args: [join(link, "dist", "seren-bridge.mjs"), "roder"],
        });
        expect(await host.ask({ do: "definitions" })).toHaveLength(1);
      });

      test("without a key the first run reports what is missing", async () => {
        const home = mkdtempSync(join(tmpdir(), "seren-bridge-"));
        onTestFinished(() => rmSync(home, { recursive: true }));
        const host = start({ env: { SEREN_API_KEY: "", XDG_CONFIG_HOME: home } });
        const { ended } = host.dispatch({ prompt: "hello" });
        expect(await ended).toEqual({ error: expect.stringContaining("SEREN_API_KEY") });
      });
    });

    describe("dispatch", () => {
      test("statuses reach the trace sink, the answer reaches the caller", async () => {
        const host = start({ recordAs: "real-dispatch" });
        const prompt = script("a dispatch", { tool: "grep", ms: 1200 }, { text: "Ported. 41 tests pass ✅" });
        const dispatch = host.dispatch({ prompt, description: "Port the parser", inputs: { repo: "acme/widgets" } });
        await dispatch.status(/^running: tool grep$/);
        const run = await cloud.run("a dispatch");
        expect(await dispatch.ended).toEqual({
          result: {
            thread_id: run.id,
            turn_id: run.id,
            agent_type: "seren-agent",
            model: null,
            final_message: "Ported. 41 tests pass ✅",
            usage: expect.objectContaining({ total_tokens: expect.any(Number) }),
            exit_reason: "completed",
            metadata: expect.objectContaining({ run_id: run.id, status: "completed" }),
          },
        });
        expect(dispatch.statuses[0]).toBe("starting");
        expect(run.invocation_payload).toMatchObject({ message: prompt, inputs: { repo: "acme/widgets" } });
      });

      test("a request with everything in it, as an agent swarm or a workflow sends it", async () => {
        const host = start();
        const { ended } = host.dispatch({
          prompt: "everything",
          subagent_type: "seren-agent",
          model: "somebody-elses-model",
          provider: "somebody-else",
          tools: ["read_file", "grep"],
          allowed_tools: ["grep"],
          lane: "scout",
          max_concurrent: 16,
          parent_deadline_seconds: 14_400,
          inputs: null,
          timeout_seconds: 180,
        });
        expect(await ended).toMatchObject({ result: { exit_reason: "completed", model: null } });
        expect((await cloud.run("everything")).invocation_payload).toMatchObject({
          message:
            "everything\n\nThis is a read-only assignment: look and report, change nothing.\n" +
            "Use no other tools than these or their equivalents: grep.",
        });
      });

      test("an unknown agent is refused by name, before anything is started", async () => {
        const host = start();
        const { ended } = host.dispatch({ prompt: "not for anybody", subagent_type: "nobody" });
        expect(await ended).toEqual({
          error: 'subagents/dispatch failed: unknown subagent type "nobody"; known are seren-agent',
        });
        expect(await cloud.runs("not for anybody")).toEqual([]);
      });

      test("a failed run is a result with its reason", async () => {
        const host = start();
        const { ended } = host.dispatch({ prompt: script("a failure", { text: "half" }, { fail: "no disk left" }) });
        expect(await ended).toMatchObject({
          result: {
            exit_reason: "failed",
            final_message: expect.stringMatching(/^The run failed: no disk left\n\n.*half/s),
          },
        });
      });

      test("a rate limit is an error with the words that make the host back off", async () => {
        const host = start();
        const prompt = script(
          "a limit",
          { error: "slow down", code: "rate_limit_exceeded", retryable: true },
          { fail: "slow down" },
        );
        expect(await host.dispatch({ prompt }).ended).toEqual({
          error: "subagent dispatcher seren-cloud failed: rate limit: slow down",
        });
      });

      test("so is a service that refuses every call", async () => {
        const service = createServer((_, response) => {
          response.writeHead(429, { "content-type": "application/json", "retry-after": "0" });
          response.end('{"error":"RateLimited","message":"Too many requests"}');
        });
        await new Promise<void>((resolve) => void service.listen(0, "127.0.0.1", resolve));
        onTestFinished(() => void service.close());
        const { port } = z.object({ port: z.int() }).parse(service.address());
        const host = start({}, new Cloud(`http://127.0.0.1:${port}`));
        const { ended } = host.dispatch({ prompt: "refused" });
        expect(await ended).toEqual({
          error: expect.stringMatching(/^subagent dispatcher seren-cloud failed: .*rate limit/i),
        });
      });

      test("a slow receiver delays no other", async () => {
        const host = start();
        const noise = Array.from({ length: 600 }, (_, index) => ({ tool: `step ${index + 1}`, ms: 2 }));
        const noisy = host.dispatch({ prompt: script("noise", ...noise, { tool: "last", ms: 60_000 }) }, 20);
        await noisy.status(/step \d+$/);
        // The noisy run never ends by itself: whatever is answered now is answered in its presence.
        const other = host.dispatch({ prompt: script("another", { text: "done" }) });
        expect(await other.ended).toMatchObject({ result: { final_message: "done" } });
        expect(await host.ask(SPEC)).toMatchObject({ spec: { kind: "seren-cloud-run" } });
        await noisy.status(/last$/);
        expect(noisy.statuses.length, "statuses for 600 steps").toBeLessThan(60);
        host.abort(noisy);
        expect(await noisy.ended).toEqual({ aborted: true });
      });

      test("128 at once", async () => {
        const host = start();
        const all = Array.from({ length: 128 }, (_, index) =>
          host.dispatch({
            prompt: script(`swarm-${index}`, { text: `answer ${index}` }),
            description: `item #${index}`,
          }),
        );
        const endings = await Promise.all(all.map((dispatch) => dispatch.ended));
        expect(endings.map((ending) => ("result" in ending ? ending.result.final_message : ending))).toEqual(
          all.map((_, index) => `answer ${index}`),
        );
        const runs = await cloud.runs("swarm-");
        expect(new Set(runs.map((run) => run.invocation_payload.message)).size).toBe(128);
        expect(runs).toHaveLength(128);
      });
    });

    describe("the end of a dispatch", () => {
      test("at its time limit it hands over what there is, and the remote run is cancelled", async () => {
        const host = start({ recordAs: "real-dispatch-timeout" });
        const { ended } = host.dispatch({
          prompt: script("a limit of 5 s", { text: "half" }, HANG),
          timeout_seconds: 5,
        });
        expect(await ended).toMatchObject({
          result: { exit_reason: "timeout", final_message: expect.stringContaining("half") },
        });
        const { id } = await cloud.run("a limit of 5 s");
        expect((await cloud.ended(id)).status).toBe("cancelled");
      });

      test("when the service is slow to cancel, the host's timer wins and the run is cancelled all the same", async () => {
        const slow = await startFaulty({ faults: { rules: [{ kind: "slow_cancel", where: "cancel", ms: 1500 }] } });
        const host = start({}, slow);
        // What the first run needs is there by then, so that the run of the second surely begins within its limit.
        await host.dispatch({ prompt: script("first", { text: "here" }) }).ended;
        const { ended } = host.dispatch({ prompt: script("slow", HANG), timeout_seconds: 4 });
        expect(await ended).toEqual({ error: "subagent dispatcher seren-cloud timed out after 4s" });
        const { id } = await slow.run("slow");
        expect((await slow.ended(id)).status).toBe("cancelled");
      });

      test("a caller that drops it sends nothing; our own deadline ends the remote run", async () => {
        const host = start({ recordAs: "real-dispatch-abandoned" });
        const dropped = host.dispatch({ prompt: script("dropped", HANG), timeout_seconds: 3 });
        await dropped.status(/^running/);
        host.abort(dropped);
        expect(await dropped.ended).toEqual({ aborted: true });
        const { id } = await cloud.run("dropped");
        expect((await cloud.ended(id)).status).toBe("cancelled");
        expect(await host.dispatch({ prompt: script("after it", { text: "here" }) }).ended).toMatchObject({
          result: { final_message: "here" },
        });
      });

      test("the host goes in the middle: the remote runs of dispatches, tasks and tools are cancelled", async () => {
        const host = start({ recordAs: "real-host-exits" });
        const dispatch = host.dispatch({ prompt: script("gone 1", HANG) });
        const task = await host.submit({ prompt: script("gone 2", HANG) });
        await Promise.all([
          dispatch.status(/^running/),
          task.output("log"),
          host.call("seren_dispatch", { prompt: script("gone 3", HANG) }),
        ]);
        const runs = await cloud.runs("gone");
        expect(runs).toHaveLength(3);
        await host.end();
        const ends = await Promise.all(runs.map(({ id }) => cloud.ended(id)));
        expect(ends.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
      });

      test("the host asks for the shutdown: everything is cancelled before the answer", async () => {
        const host = start();
        const dispatch = host.dispatch({ prompt: script("shut down", HANG) });
        await dispatch.status(/^running/);
        const { id } = await cloud.run("shut down");
        await host.ask({ do: "shutdown" });
        expect((await cloud.run("shut down")).status).toBe("cancelled");
        expect((await cloud.ended(id)).status).toBe("cancelled");
      });

      test.skipIf(process.platform === "win32")(
        "the child is killed: its callers hear of it, and the next child cancels what it left",
        { timeout: 90_000 },
        async () => {
          const host = start({
            command: "sh",
            args: ["-c", 'echo "pid $$" >&2; exec "$@"', "sh", process.execPath, PROGRAM, "roder"],
          });
          const dispatch = host.dispatch({ prompt: script("killed", HANG), timeout_seconds: 60 });
          await dispatch.status(/^running/);
          process.kill(Number(/pid (\d+)/.exec(host.stderr)?.[1]), "SIGKILL");
          expect(await dispatch.ended).toEqual({ error: expect.stringContaining("process extension exited") });
          // This host never starts it again: a broken pipe, or silence until the host's own 30 s while the pipe is closing.
          await expect(host.ask(SPEC)).rejects.toThrow(/pipe|timed out/i);
          const { id, status } = await cloud.run("killed");
          expect(status).toBe("running");
          await start({ stateDir: host.stateDir }).ask({ do: "definitions" });
          expect((await cloud.ended(id)).status).toBe("cancelled");
        },
      );
    });

    describe("tasks", () => {
      test("the answer goes to stdout, the run's name to the first line of the log", async () => {
        const host = start({ recordAs: "real-task" });
        const task = await host.submit({
          prompt: script("a task", { tool: "grep", ms: 5 }, { text: "Nothing found.\n" }),
        });
        const ended = await task.ended();
        const run = await cloud.run("a task");
        expect(ended).toMatchObject({
          state: "completed",
          exitCode: 0,
          payload: { run_id: run.id, status: "completed", text: "Nothing found.\n" },
        });
        const { state, log } = await task.show();
        expect(state).toBe("completed");
        const text = (stream: string) => log.flatMap((entry) => (entry.stream === stream ? entry.chunk : [])).join("");
        expect(text("stdout")).toBe("Nothing found.\n");
        expect(text("log").split("\n")[0]).toBe(`run ${run.id}`);
        expect(text("log")).toContain("\nrunning: tool grep\ntool grep finished\n");
        expect(text("stderr")).toBe("");
      });

      test("a run that fails is a task that ran, with an exit code", async () => {
        const host = start();
        const task = await host.submit({ prompt: script("a failed task", { fail: "no disk left" }) });
        expect(await task.ended()).toMatchObject({ state: "completed", exitCode: 1, payload: { status: "failed" } });
        expect((await task.show()).log.at(-1)).toEqual({ stream: "stderr", chunk: "The run failed: no disk left\n" });
      });

      test.each([
        [null, "input: an object with a prompt or a run_id is needed, nothing was given"],
        [["a list"], "input: an object with a prompt or a run_id is needed, a list was given"],
        [{ promt: "misspelt" }, /Unrecognized key: "promt"/],
        [{ prompt: "with both", run_id: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f" }, /leave that out/],
        [{ prompt: 7 }, /prompt/],
      ])("input %j is refused", async (input, reason) => {
        const host = start();
        const ended = await (await host.submit(input)).ended();
        expect(ended).toMatchObject({
          state: "failed",
          error: expect.stringMatching(/^tasks\/execute failed: input: /),
        });
        expect(ended.error).toMatch(reason);
      });

      test("cancelled by its user", async () => {
        const host = start({ recordAs: "real-task-cancel" });
        const task = await host.submit({ prompt: script("cancel me", HANG) });
        const [line] = (await task.output("log")).split("\n");
        expect(await task.cancel()).toBe(true);
        expect(await task.ended()).toEqual({ state: "cancelled" });
        const run = await cloud.ended(/^run (\S+)/.exec(line ?? "")?.[1] ?? "");
        expect(run).toMatchObject({ status: "cancelled", invocation_payload: { message: script("cancel me", HANG) } });
      });

      test("cancelled at the runner's deadline", async () => {
        const host = start();
        const task = await host.submit({ prompt: script("a deadline", HANG) }, 1500);
        await task.output("log");
        expect(await task.ended()).toMatchObject({ state: "failed", errorKind: "deadline_timeout" });
        const { id } = await cloud.run("a deadline");
        expect((await cloud.ended(id)).status).toBe("cancelled");
      });

      test("ended at its own time limit", async () => {
        const host = start();
        const task = await host.submit({ prompt: script("a task of 1 s", { text: "half" }, HANG), timeout_seconds: 1 });
        expect(await task.ended()).toMatchObject({ state: "completed", exitCode: 124 });
        expect((await cloud.run("a task of 1 s")).status).toBe("cancelled");
      });

      test("a megabyte of many-byte characters comes in small whole pieces and breaks nothing", async () => {
        const host = start();
        const piece = `${"𝄞ü€ ".repeat(200)}\n`;
        const count = Math.ceil((1024 * 1024) / Buffer.byteLength(piece));
        const task = await host.submit({ prompt: script("a megabyte", { text: piece, n: count }) });
        expect(await task.ended()).toMatchObject({ state: "completed", exitCode: 0 });
        const chunks = task.chunks("stdout");
        expect(chunks.join("")).toBe(piece.repeat(count));
        expect(Math.max(...chunks.map((chunk) => Buffer.byteLength(chunk)))).toBeLessThanOrEqual(16 * 1024);
        expect(chunks.filter((chunk) => !chunk.endsWith("\n"))).toEqual([]);
        // The host's ring: it evicted whole chunks and cut none.
        const { log, dropped_bytes } = await task.show();
        expect(dropped_bytes).toBeGreaterThan(900 * 1024);
        expect(log.some(({ chunk }) => chunk.includes("\ufffd"))).toBe(false);
      });

      test("wait: false ends at once and leaves the run; run_id attaches to it", async () => {
        const host = start({ recordAs: "real-task-attach" });
        const prompt = script("left alone", { text: "one\n" }, { sleep_ms: 1500 }, { text: "two\n" });
        const first = await (await host.submit({ prompt, wait: false })).ended();
        const { id } = await cloud.run("left alone");
        expect(first).toMatchObject({ state: "completed", payload: { run_id: id, status: "started" } });
        const second = await host.submit({ run_id: id });
        expect(await second.ended()).toMatchObject({
          state: "completed",
          exitCode: 0,
          payload: { run_id: id, status: "completed", text: "one\ntwo\n" },
        });
        expect(second.chunks("stdout").join("")).toBe("one\ntwo\n");
        expect(await cloud.runs("left alone")).toHaveLength(1);
      });
    });

    describe("tools", () => {
      test("start, look, look again, cancel", async () => {
        const host = start({ recordAs: "real-tools" });
        const agents = await host.call("seren_agents", {});
        expect(agents).toMatchObject({ is_error: false, text: expect.stringContaining("seren-agent: ") });

        const prompt = script("by a tool", { text: "first\n" }, { sleep_ms: 300 }, { text: "second\n" });
        const started = await host.call("seren_dispatch", { prompt });
        const { id } = await cloud.run("by a tool");
        expect(started).toMatchObject({ is_error: false, data: { run_id: id }, text: expect.stringContaining(id) });

        await cloud.ended(id);
        const done = await host.call("seren_run_status", { run_id: id });
        expect(done).toMatchObject({
          is_error: false,
          text: expect.stringContaining("first\nsecond"),
          data: {
            run_id: id,
            status: "completed",
            thread_id: id,
            turn_id: id,
            agent_type: "seren-agent",
            exit_reason: "completed",
          },
        });

        const hanging = await host.call("seren_dispatch", { prompt: script("hanging", { text: "so far" }, HANG) });
        const { run_id } = z.object({ run_id: z.string() }).parse(hanging.data);
        const cancelled = await host.call("seren_run_cancel", { run_id });
        expect(cancelled).toMatchObject({ is_error: false });
        expect((await cloud.ended(run_id)).status).toBe("cancelled");
        expect(await host.call("seren_run_status", { run_id })).toMatchObject({
          is_error: false,
          data: { status: "cancelled", exit_reason: "cancelled" },
        });
      });

      test.each([
        ["seren_agents", { verbose: true }],
        ["seren_dispatch", null],
        ["seren_dispatch", {}],
        ["seren_dispatch", { prompt: " " }],
        ["seren_dispatch", { prompt: "x", agent: "nobody" }],
        ["seren_dispatch", { prompt: "x", timeout_seconds: "60" }],
        ["seren_run_status", { run_id: "the first one" }],
        ["seren_run_status", { run_id: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f" }],
        ["seren_run_cancel", { run_id: 7 }],
        ["seren_run_cancel", { run_id: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f" }],
      ])("%s with %j is refused with the tool's own message", async (tool, args) => {
        const host = start();
        const answer = await host.call(tool, args);
        expect(answer).toMatchObject({ is_error: true, data: null });
        expect(answer.text).not.toBe("");
      });

      test("a service that does not answer costs the user's other tools two seconds, not thirty", async () => {
        const silent = await startFaulty({ faults: { rules: [{ kind: "hang", where: "any", times: 1000 }] } });
        const host = start({}, silent);
        for (const [tool, args] of [
          ["seren_dispatch", { prompt: "never" }],
          ["seren_run_status", { run_id: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f" }],
          ["seren_run_cancel", { run_id: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f" }],
        ] as const) {
          const { ms } = await host.call(tool, args);
          expect(ms, tool).toBeLessThan(10_000);
        }
      });
    });
  },
);
