/** Many dispatches at once in one child, on a host with Roder's locks and channels, as tests of any size. */
import { describe, expect, test } from "vitest";
import type { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";
import { readGroundTruth } from "../ground-truth.ts";
import { script, startExtension } from "./extension.ts";
import type { RoderModel } from "./roder-model.ts";

/** Create calls that the service refuses, for each dispatch. */
const REFUSALS_EACH = 16;
/** What makes Roder retry a dispatch of a swarm. */
const TRY_AGAIN = /rate limit|rate_limit|ratelimit|too many requests|429/i;
const OTHER_TRIGGERS =
  /timed out|timeout|unknown subagent type|not allowed by subagent|subagent tool|unavailable tool|has no tools compatible/i;

/** A run of about five seconds. Every eighth emits more events than the host's channel holds. */
const busy = (index: number) =>
  script(`swarm-${index}`, ...(index % 8 === 0 ? noise(500, 10) : noise(20, 250)), { text: `answer ${index}` });
const slowly = (clock: VirtualAmbient, ms: number) => () =>
  new Promise<void>((resolve) => void clock.timer(ms, resolve));

export interface SwarmSize {
  /** Dispatches at once. */
  size: number;
  /** Lines of about 2 KB that each task of the log test writes. */
  lines: number;
}

export function describeSwarm({ size, lines }: SwarmSize): void {
  const everybody = Array.from({ length: size }, (_, index) => index);

  describe(`a swarm of ${size}`, () => {
    test(`${size} at once with slow sinks: all complete, none starves, and other requests are answered meanwhile`, async () => {
      const { environment, host, pass, until } = await startExtension();
      const { clock } = environment;
      const began = clock.now();
      const endedAt: number[] = [];
      const swarm = everybody.map(async (index) => {
        const { final_message } = await host.dispatch({ prompt: busy(index) }, { sink: slowly(clock, 200) });
        endedAt.push(clock.now() - began);
        return final_message;
      });
      await pass(2000);
      const asked = clock.now();
      await until(host.request("tasks/spec", { executorId: "seren-cloud-run" }));
      expect(clock.now() - asked, "a reply in the middle of it").toBeLessThan(250);

      expect(await until(Promise.all(swarm))).toEqual(everybody.map((index) => `answer ${index}`));
      expect(Math.max(...endedAt)).toBeLessThan(8000);
      expect(Math.max(...endedAt) - Math.min(...endedAt), "between the first and the last").toBeLessThan(2000);
      expect(host.notes).toEqual([]);
      const truth = await until(readGroundTruth(environment.cloud, clock));
      expect(truth.runs).toHaveLength(size);
    }, 60_000);

    test("a receiver that never takes a status delays neither the others nor the shutdown", async () => {
      const { host, pass, until, eof } = await startExtension();
      const stuck = host.dispatch(
        { prompt: script("stuck", ...noise(900, 100)) },
        { sink: () => new Promise(() => undefined) },
      );
      void stuck.catch(() => undefined);
      const swarm = everybody.map((index) => host.dispatch({ prompt: script(`beside ${index}`, { text: "done" }) }));
      const results = await until(Promise.all(swarm));
      expect(new Set(results.map(({ final_message }) => final_message))).toEqual(new Set(["done"]));
      // This run has an event every 100 ms for 90 s, but far fewer statuses than the host's channel holds.
      await pass(90_000);
      await until(host.request("tasks/spec", { executorId: "seren-cloud-run" }));
      expect(await eof()).toBeLessThan(10_600);
    });

    test("a swarm whose caller has gone ends at its timeout and leaves nothing behind", async () => {
      const { environment, host, pass, until } = await startExtension();
      const { clock } = environment;
      const callers = everybody.map(() => new AbortController());
      const swarm = callers.map(({ signal }, index) =>
        host.dispatch({ prompt: script(`dropped ${index}`, { hang: true }), timeout_seconds: 20 }, { dropped: signal }),
      );
      const settled = Promise.allSettled(swarm);
      await pass(5000);
      for (const caller of callers) caller.abort();
      await until(settled);
      await pass(30_000);
      const truth = await until(readGroundTruth(environment.cloud, clock));
      expect(truth.runs.map(({ status }) => status)).toEqual(everybody.map(() => "cancelled"));
    });

    test("a service that rate-limits: every refusal makes the host back off, and in the end all succeed", async () => {
      const refusals = {
        kind: "status",
        where: "create_run",
        status: 429,
        retry_after: 1,
        times: Math.ceil(REFUSALS_EACH * size),
      } as const;
      const { environment, host, until } = await startExtension([refusals]);
      const { clock } = environment;
      const refused: string[] = [];
      const results = await until(
        Promise.all(
          everybody.map((index) => asSwarm(clock, host, script(`${index}`, { text: `answer ${index}` }), refused)),
        ),
      );
      expect(results).toEqual(everybody.map((index) => `answer ${index}`));
      expect(refused.length).toBeGreaterThan(0);
      for (const message of refused) {
        expect(message).toMatch(/^subagent dispatcher seren-cloud failed: .*rate limit/i);
        expect(message).not.toMatch(OTHER_TRIGGERS);
      }
      expect((await until(readGroundTruth(environment.cloud, clock))).runs).toHaveLength(size);
    }, 60_000);

    test.each([
      ["a service that is broken", { kind: "status", where: "create_run", status: 503, times: 100_000 } as const],
      ["a connection that breaks", { kind: "drop", where: "deployments", times: 100_000 } as const],
      ["a service that never answers", { kind: "hang", where: "deploy", times: 100_000 } as const],
    ])("%s triggers no retry: its errors avoid the words that the host reacts to", async (_, rule) => {
      const { host, until } = await startExtension([rule]);
      const swarm = everybody.slice(0, 16).map((index) =>
        host.dispatch({ prompt: `from port 4290, run 429-${index}`, timeout_seconds: 600 }).then(
          ({ exit_reason }) => exit_reason,
          (error: Error) => error.message,
        ),
      );
      for (const end of await until(Promise.all(swarm))) {
        expect(end).not.toMatch(TRY_AGAIN);
        expect(end).not.toMatch(OTHER_TRIGGERS);
      }
    });

    test("a failed run is a result, whatever its error says", async () => {
      const { host, until } = await startExtension();
      const prompt = script("a failure", { text: "half" }, { fail: "HTTP 429 from 10.0.0.1:4290: gateway timeout" });
      expect(await until(host.dispatch({ prompt }))).toMatchObject({
        exit_reason: "failed",
        final_message: expect.stringContaining("half"),
      });
    });

    test("four tasks with long logs: nothing is cut, nothing is lost before the ring is full", async () => {
      const { environment, host, until } = await startExtension();
      const line = `${"𝄞ü€ ".repeat(200)}\n`;
      const tasks = Array.from({ length: 4 }, () => host.execute({ prompt: script("loud", { text: line, n: lines }) }));
      const began = environment.clock.now();
      for (const { state, result, log } of await until(Promise.all(tasks))) {
        expect({ state, code: result?.exit_code }).toEqual({ state: "completed", code: 0 });
        const kept = log.entries.reduce((sum, { chunk }) => sum + Buffer.byteLength(chunk), 0);
        expect(kept + log.droppedBytes).toBeGreaterThanOrEqual(lines * Buffer.byteLength(line));
        for (const { chunk } of log.entries) expect(chunk.endsWith("\n")).toBe(true);
      }
      expect(environment.clock.now() - began).toBeLessThan(3000);
    });
  });
}

function noise(steps: number, ms: number) {
  return Array.from({ length: steps }, (_, step) => ({ tool: `step ${step}`, ms }));
}

/** Dispatches as `agent_swarm` does: retries after 3, 6, 12 and 24 seconds when the error suggests it. */
async function asSwarm(clock: VirtualAmbient, host: RoderModel, prompt: string, refused: string[]): Promise<string> {
  for (let waitMs = 3000; ; waitMs *= 2) {
    try {
      return (await host.dispatch({ prompt })).final_message;
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      if (!TRY_AGAIN.test(message) || waitMs > 24_000) throw error;
      refused.push(message);
      await slowly(clock, waitMs)();
    }
  }
}
