/** `seren-bridge local --state`: what a killed service leaves behind, and who may use the folder. */
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PUBLISHER_PREFIX } from "../../src/local/index.ts";
import { scratchFolder } from "../support/child-process/child.ts";
import { script } from "../support/child-process/cloud.ts";
import { startLocalService } from "../support/child-process/local-service.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";
import { DEPLOY, parseFrames, type SseFrame } from "../support/in-process/local-calls.ts";

async function serve(state: string) {
  const { child, origin, env, banner } = await startLocalService(["--state", state]);
  const call = (method: string, path: string, body?: object) =>
    fetch(origin + PUBLISHER_PREFIX + path, {
      method,
      headers: {
        authorization: `Bearer ${env.SEREN_API_KEY}`,
        ...(body ? { "content-type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const data = async (method: string, path: string, body?: object) => {
    const { data: value } = (await (await call(method, path, body)).json()) as { data: Record<string, unknown> };
    return value;
  };
  return { child, banner, call, data };
}

/** Kills the service during a run. Returns what the stream had sent until then. */
async function killInTheMiddle({ child, call }: Awaited<ReturnType<typeof serve>>, run: unknown, events: number) {
  const response = await call("GET", `/runs/${run}/stream`);
  let text = "";
  try {
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.split("event: run.event").length > events && !child.killed) child.kill("SIGKILL");
    }
  } catch {
    // cut by the kill
  }
  return parseFrames(text).filter(({ name }) => name === "run.event");
}

const sequenceOf = ({ data }: SseFrame) => (JSON.parse(data) as { sequence_number: number }).sequence_number;

test("after kill -9 during a run everything that was sent is on record, and the run has failed", async () => {
  const state = join(scratchFolder(), "made", "when needed");
  let service = await serve(state);
  const { id } = await service.data("POST", "/deploy", DEPLOY);
  const done = (await service.data("POST", `/deployments/${id}/runs`, { message: "hello" })).run_id;
  await (await service.call("GET", `/runs/${done}/stream`)).text();
  const finished = await service.data("GET", `/runs/${done}`);
  expect(finished).toMatchObject({ status: "completed" });

  for (const events of [1, 40, 400]) {
    const message = script({ text: "line {i}\n", n: 100_000, every_ms: 1 });
    const { run_id: run } = await service.data("POST", `/deployments/${id}/runs`, { message });
    const heard = await killInTheMiddle(service, run, events);
    expect(heard.length).toBeGreaterThanOrEqual(events);

    service = await serve(state);
    expect(await service.data("GET", `/runs/${done}`)).toEqual(finished);
    expect(await service.data("GET", `/runs/${run}`)).toMatchObject({ status: "failed", stop_reason: "interrupted" });
    const after = parseFrames(await (await service.call("GET", `/runs/${run}/stream`)).text());
    const log = after.filter(({ name }) => name === "run.event");
    expect(log.slice(0, heard.length)).toEqual(heard);
    expect(log.map(sequenceOf)).toEqual(log.map((_, index) => index + 1));
    expect(after.at(-1)).toMatchObject({ name: "end" });
  }
  service.child.kill("SIGINT");
  expect(await once(service.child, "exit")).toEqual([0, null]);
});

test("a folder serves one service at a time; the next one may have it", async () => {
  const state = scratchFolder();
  const first = await serve(state);
  expect(first.banner).toContain(`State is kept in ${state}.`);
  const { code, stderr } = await startTerminal({}, ["local", "--port", "0", "--state", state]).ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `seren-bridge: the state folder ${state} cannot be used: another seren-bridge local serves it; end that one, or choose another folder\n`,
  });
  first.child.kill("SIGINT");
  await once(first.child, "exit");
  expect((await readdir(state)).sort()).toEqual(["bundles", "deployments", "runs"]);
  (await serve(state)).child.kill("SIGKILL");
});

test("of several that start at once one serves, in a folder with a path too long for a socket", async () => {
  const state = join(scratchFolder(), "a".repeat(100), "b".repeat(100));
  const all = Array.from({ length: 4 }, () => startTerminal({}, ["local", "--port", "0", "--state", state]));
  const served: typeof all = [];
  const ended: (number | null)[] = [];
  await Promise.all(
    all.map(async (one) => {
      const says = once(one.child.stdout, "data").then(() => void served.push(one));
      await Promise.race([says, one.ended.then(({ code }) => void ended.push(code))]);
    }),
  );
  expect({ served: served.length, ended }).toEqual({ served: 1, ended: [1, 1, 1] });
});
